import { AwsError, type BusEvent } from "../service.ts";
import { compilePath } from "./json-path.ts";

/** What a target gets of an event; at most one of the three is set, none means the whole event. */
export interface TargetInput {
  /** Constant JSON text. */
  input?: string;
  inputPath?: string;
  inputTransformer?: { pathsMap: Record<string, string>; template: string };
}

/** What a template may name besides its own variables. */
export interface RuleNames {
  arn: string;
  name: string;
}

const VARIABLE = /<([A-Za-z0-9._-]+)>/g;

/**
 * Checks a target's input settings.
 * @throws AwsError ValidationException
 */
export function checkInput(input: TargetInput): void {
  const given = [input.input, input.inputPath, input.inputTransformer].filter((value) => value !== undefined);
  if (given.length > 1) {
    throw new AwsError(
      "ValidationException",
      "Only one of Input, InputPath, or InputTransformer must be provided.",
    );
  }
  if (input.input !== undefined && parse(input.input) === undefined) {
    throw new AwsError("ValidationException", "JSON syntax error in input for target.");
  }
  if (input.inputPath !== undefined) compilePath(input.inputPath);
  for (const path of Object.values(input.inputTransformer?.pathsMap ?? {})) compilePath(path);
}

/** The text that a target gets for an event. */
export function inputFor(event: BusEvent, input: TargetInput, rule: RuleNames): string {
  if (input.input !== undefined) return input.input;
  if (input.inputPath !== undefined) return JSON.stringify(compilePath(input.inputPath)(event) ?? null);
  if (input.inputTransformer) return transform(event, input.inputTransformer, rule);
  return JSON.stringify(event);
}

function transform(
  event: BusEvent,
  { pathsMap, template }: NonNullable<TargetInput["inputTransformer"]>,
  rule: RuleNames,
): string {
  const values: Record<string, unknown> = {
    "aws.events.rule-arn": rule.arn,
    "aws.events.rule-name": rule.name,
    "aws.events.event.ingestion-time": event.time,
    "aws.events.event": { ...event, detail: undefined },
    "aws.events.event.json": event,
  };
  for (const [name, path] of Object.entries(pathsMap)) values[name] = compilePath(path)(event);
  return template.replace(VARIABLE, (variable, name: string, offset: number) => {
    if (!Object.hasOwn(values, name)) return variable;
    const value = values[name];
    if (!insideQuotes(template, offset)) return JSON.stringify(value ?? null);
    if (value === undefined) return "";
    const shown = typeof value === "string" ? value : JSON.stringify(value);
    return JSON.stringify(shown).slice(1, -1);
  });
}

/** Whether a place in a template lies inside a JSON string. */
function insideQuotes(template: string, offset: number): boolean {
  let inside = false;
  for (let index = 0; index < offset; index++) {
    if (template[index] === "\\") index++;
    else if (template[index] === '"') inside = !inside;
  }
  return inside;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not JSON: the caller decides whether that is allowed.
    return undefined;
  }
}
