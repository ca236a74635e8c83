import type { ChalkInstance } from "chalk";
import type { DataKind, DataLoss } from "../aws/loss.ts";
import { counted, formatBytes } from "../terminal/format.ts";
import { byPipeline, describeTotals, type Plan, type PlanAction, totals } from "./plan.ts";
import { monthlyPrice } from "./price.ts";

/** Resources listed for each pipeline before the rest becomes a count. */
const MAX_LISTED = 40;
const SIGNS: Record<PlanAction, string> = { create: "+", update: "~", replace: "±", delete: "-" };

/** The plan for people: what would be lost first, then the changes by pipeline, then what it costs. */
export function describePlan(plan: Plan, losses: readonly DataLoss[], color: ChalkInstance): string[] {
  const paint: Record<PlanAction, (text: string) => string> = {
    create: color.green,
    update: color.yellow,
    replace: color.magenta,
    delete: color.red,
  };
  const lines =
    losses.length > 0 ? [color.red.bold("Data that would be lost:"), ...losses.map(describeThing), ""] : [];
  for (const [pipeline, changes] of byPipeline(plan.changes)) {
    lines.push(`${color.bold(pipeline ?? "shared by the environment")}: ${describeTotals(totals(changes))}`);
    for (const { action, address } of changes.slice(0, MAX_LISTED)) {
      lines.push(`  ${paint[action](SIGNS[action])} ${address}`);
    }
    if (changes.length > MAX_LISTED) lines.push(`  and ${changes.length - MAX_LISTED} more`);
  }
  if (plan.changes.length === 0) lines.push("No changes: what is deployed is what is declared.");
  if (plan.drift.length > 0) {
    const names = plan.drift.map(({ resource }) => resource).join(", ");
    lines.push("", `Changed outside of edp since the last deploy: ${names}`);
  }
  return [...lines, ...describePrice(plan)];
}

/** What is in one of each kind. */
const CONTENT: Record<DataKind, string> = {
  bucket: "object",
  queue: "message",
  table: "item",
  stream: "record",
  database: "row",
};

function describeThing({ kind, name, count, versions, bytes, atLeast }: DataLoss): string {
  if (count === null) return `  ${kind} ${name}: its ${CONTENT[kind]}s can't be counted`;
  const older = versions ? ` and ${counted(versions, "older version")}` : "";
  const size = bytes === null ? "" : `, ${formatBytes(bytes)}`;
  return `  ${kind} ${name}: ${atLeast ? "at least " : ""}${counted(count, CONTENT[kind])}${older}${size}`;
}

function describePrice(plan: Plan): string[] {
  const { usd, lines } = monthlyPrice(plan.resources);
  if (lines.length === 0) return [];
  const parts = lines.map(
    ({ count, name, usd: sum }) =>
      `${count} ${name}${count > 1 ? "s" : ""} ${sum === null ? "not known" : sum.toFixed(2)}`,
  );
  return [
    "",
    `Fixed price of the environment: about ${usd.toFixed(2)} USD a month (${parts.join(", ")}); requests and bytes come on top.`,
  ];
}
