import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { applyPatch, type Operation } from "rfc6902";
import { type Letter, viewOf } from "../dead-letters/letter.ts";
import { InvalidInputError } from "../errors.ts";
import { CAUSE_ATTRIBUTE } from "../lambda/shared/dead-letters.ts";
import { type Change, changed, EditError } from "./change.ts";
import { COUNT_ATTRIBUTE } from "./outgoing.ts";

/** Gives the letter to send instead, or null to leave it in its queue. @throws EditError */
export type Edit = (letter: Letter) => Promise<Letter | null>;

const OPERATIONS = ["add", "remove", "replace", "move", "copy", "test"];
const HINT =
  "--edit takes an ES module (.mjs, .js) that exports default (letter) => ({ body, payload, attributes }) or null, or a JSON Patch (.json) over the same.";

/**
 * Opens what `--edit` names: an ES module whose default export gets the letter as `--where` sees it, or a JSON Patch
 * over `{ body, payload, attributes }` (RFC 6902).
 * @throws InvalidInputError where the file can't be used
 */
export async function openEdit(file: string, directory: string): Promise<Edit> {
  const place = path.resolve(directory, file);
  return path.extname(place) === ".json" ? openPatch(place) : openModule(place);
}

async function openModule(file: string): Promise<Edit> {
  let edit: unknown;
  try {
    edit = ((await import(pathToFileURL(file).href)) as { default?: unknown }).default;
  } catch (error) {
    throw new InvalidInputError(
      `--edit: ${file} cannot be loaded: ${existsSync(file) ? (error as Error).message : "there is no such file"}`,
      {
        hint: HINT,
        cause: error,
      },
    );
  }
  if (typeof edit !== "function") {
    throw new InvalidInputError(`--edit: ${file} has no function as its default export.`, { hint: HINT });
  }
  return async (letter) => {
    let change: unknown;
    try {
      // A copy: the module may change what it gets.
      change = await edit(structuredClone(viewOf(letter)));
    } catch (error) {
      throw new EditError(`${path.basename(file)} threw ${whereThrown(error, file)}`, { cause: error });
    }
    if (change === null) return null;
    if (typeof change !== "object") {
      throw new EditError(
        `${path.basename(file)} returned ${change === undefined ? "nothing" : typeof change}: return an object with body, payload or attributes, or null to leave the message out`,
      );
    }
    return changed(letter, change as Change);
  };
}

/** `TypeError: x is undefined (fix.mjs:3:14)`. */
function whereThrown(error: unknown, file: string): string {
  if (!(error instanceof Error)) return String(error);
  const line = error.stack?.split("\n").find((one) => one.includes(path.basename(file)));
  const at = /(\d+:\d+)\)?$/.exec(line ?? "")?.[1];
  return `${error.name}: ${error.message}${at === undefined ? "" : ` (${path.basename(file)}:${at})`}`;
}

async function openPatch(file: string): Promise<Edit> {
  const operations = await readPatch(file);
  return async (letter) => {
    const before = patchable(letter);
    const { body, payload, attributes } = before;
    // One by one: without an envelope body and payload are the same object, and would change together.
    const after = {
      body: structuredClone(body),
      payload: structuredClone(payload),
      attributes: { ...attributes },
    };
    const faults = applyPatch(after, operations);
    const index = faults.findIndex((fault) => fault !== null);
    if (index !== -1) {
      const { op, path: at } = operations[index] ?? {};
      throw new EditError(
        `operation ${index + 1} (${op} ${at}) doesn't fit: ${faults[index]?.message || faults[index]?.name}`,
      );
    }
    return changed(letter, difference(before, after));
  };
}

/** @throws InvalidInputError naming the operation at fault */
async function readPatch(file: string): Promise<Operation[]> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new InvalidInputError(`--edit: ${file} is no JSON Patch: ${(error as Error).message}`, {
      hint: HINT,
      cause: error,
    });
  }
  const fault = Array.isArray(value) ? undefined : "it must be a list of operations";
  const faults = fault ? [fault] : (value as unknown[]).flatMap(operationFault);
  if (faults.length > 0) {
    throw new InvalidInputError(`--edit: ${file} is no JSON Patch: ${faults.join("; ")}`, { hint: HINT });
  }
  return value as Operation[];
}

function operationFault(value: unknown, index: number): string[] {
  const { op, path: at } = (value ?? {}) as Partial<Record<"op" | "path", unknown>>;
  const name = `operation ${index + 1}`;
  if (typeof op !== "string" || !OPERATIONS.includes(op))
    return [`${name} has no op of ${OPERATIONS.join(", ")}`];
  if (typeof at !== "string" || !/^\/(body|payload|attributes)(\/|$)/.test(at)) {
    return [`the path of ${name} starts with none of /body, /payload and /attributes`];
  }
  return [];
}

interface Patchable {
  body: unknown;
  payload: unknown;
  attributes: Record<string, string>;
}

/** The message's own attributes: those inside an SNS envelope are a part of the body. */
function patchable(letter: Letter): Patchable {
  const attributes: Record<string, string> = {};
  for (const name of Object.keys(letter.raw.MessageAttributes ?? {})) {
    if (name === CAUSE_ATTRIBUTE || name === COUNT_ATTRIBUTE) continue;
    attributes[name] = letter.attributes[name] ?? "";
  }
  return { body: letter.body, payload: letter.payload, attributes };
}

function difference(before: Patchable, after: Patchable): Change {
  const differs = (key: keyof Patchable) => JSON.stringify(before[key]) !== JSON.stringify(after[key]);
  const attributes: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(before.attributes), ...Object.keys(after.attributes)])) {
    if (before.attributes[name] !== after.attributes[name]) attributes[name] = after.attributes[name] ?? null;
  }
  return {
    ...(differs("body") ? { body: after.body ?? null } : {}),
    ...(differs("payload") ? { payload: after.payload ?? null } : {}),
    attributes,
  };
}
