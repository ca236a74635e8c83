import { counted } from "../terminal/format.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { AddressBook } from "../topology/deployment.ts";
import type { AwsDeployResult } from "./deploy.ts";
import type { AwsDestroyResult } from "./destroy.ts";
import { describeTotals } from "./plan.ts";

/** The outcome of a deploy for people. */
export function renderAwsDeploy(result: AwsDeployResult & { seconds: number }, terminal: Terminal): void {
  const { color } = terminal;
  if (!result.applied) {
    terminal.out(
      `${result.summary.join("\n")}\n\nPlan of ${result.env}: ${describeTotals(result.totals)}. Nothing was changed.\n`,
    );
    return;
  }
  const where = `account ${result.accountId}, ${result.region}${result.endpoint ? ` at ${result.endpoint}` : ""}`;
  terminal.out(
    `${color.green("✔")} ${color.bold(result.env)} is up in ${where} (${describeDone(result)}) in ${result.seconds.toFixed(1)} s\n`,
  );
  renderAddresses(result.pipelines, terminal);
  const links = Object.entries(result.consoleLinks).filter(([name]) => !name.includes("/"));
  if (links.length > 0) terminal.out(`\n${color.bold("console")}\n`);
  for (const [name, url] of links) terminal.out(`  ${color.dim(name.padEnd(9))} ${url}\n`);
  for (const task of result.todo) terminal.warn(`\n${color.yellow("!")} ${task}`);
  terminal.note(`\nNext: npx edp status --env ${result.env}    Remove: npx edp destroy --env ${result.env}`);
}

function describeDone({ totals }: AwsDeployResult): string {
  const words = { create: "added", update: "changed", replace: "replaced", delete: "removed" } as const;
  const parts = Object.entries(words).flatMap(([action, word]) => {
    const count = totals[action as keyof typeof words];
    return count > 0 ? [`${count} ${word}`] : [];
  });
  return parts.join(", ") || "nothing to change";
}

const ONE = { tables: "table", streams: "stream", deliveries: "delivery", functions: "function" } as const;

/** The addresses of each pipeline's things. */
export function renderAddresses(pipelines: Record<string, AddressBook>, terminal: Terminal): void {
  const { color } = terminal;
  const row = (kind: string, key: string, address: string) =>
    terminal.out(`  ${color.dim(kind.padEnd(9))} ${key.padEnd(12)} ${address}\n`);
  for (const [name, addresses] of Object.entries(pipelines)) {
    terminal.out(`\n${color.bold(name)}\n`);
    for (const [key, { name: bucket }] of Object.entries(addresses.buckets))
      row("bucket", key, `s3://${bucket}`);
    for (const [key, { url }] of Object.entries(addresses.queues)) row("queue", key, url);
    for (const kind of ["tables", "streams", "deliveries", "functions"] as const) {
      for (const [key, { name: physical }] of Object.entries(addresses[kind])) row(ONE[kind], key, physical);
    }
    for (const [key, { host, port, name: database }] of Object.entries(addresses.databases)) {
      row(
        "database",
        key,
        host === null ? `${database}, started at its first use` : `${host}:${port}/${database}`,
      );
    }
    for (const [key, { url, apiKeyId, apiKey }] of Object.entries(addresses.apis)) {
      row("api", key, url);
      row("", "", apiKey === undefined ? `key ${apiKeyId} (its value: --show-secrets)` : `key ${apiKey}`);
    }
  }
}

/** The outcome of a destroy for people. */
export function renderAwsDestroy(result: AwsDestroyResult & { seconds: number }, terminal: Terminal): void {
  const { color } = terminal;
  const { objects, versions, messages, items } = result.lost;
  const parts = [
    counted(objects, "object"),
    counted(versions, "older version"),
    counted(messages, "message"),
  ];
  const data = `${[...parts, ...(items > 0 ? [counted(items, "item")] : [])].join(", ")} deleted`;
  terminal.out(
    `${color.green("✔")} ${result.env}: ${result.destroyed.join(", ") || "what was left"} destroyed (${result.resources} resources; ${data}) in ${result.seconds.toFixed(1)} s\n`,
  );
  const how = result.verified.byTag ? "by name and by tag" : "by name; this endpoint has no search by tag";
  if (result.leftovers.length === 0) {
    terminal.out(`  Nothing is left: ${result.verified.byName} things were looked for ${how}.\n`);
  }
  for (const { type, name } of result.leftovers)
    terminal.warn(`${color.red("✖")} still there: ${type} ${name}`);
  for (const { type, name } of result.unverified)
    terminal.warn(`${color.yellow("!")} could not be looked for: ${type} ${name}`);
}
