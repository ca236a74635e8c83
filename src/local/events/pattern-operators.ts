import { BlockList, isIP } from "node:net";
import type { Invalid } from "./pattern.ts";

/** A test of one plain value of an event. */
export interface LeafTest {
  test(value: unknown): boolean;
  /** What it says of a value that is not there. */
  absent: boolean;
}

/** Numbers in patterns lie within this bound (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-numeric-matching). */
const NUMERIC_BOUND = 5e9;

type TextTest = (value: string) => boolean;

/** Tests by the name of the operator; each takes the operator's argument and where it stands. */
const OPERATORS: Record<string, (argument: unknown, path: string, invalid: Invalid) => LeafTest> = {
  prefix: (argument, path, invalid) => onText(affix("prefix", argument, path, invalid)),
  suffix: (argument, path, invalid) => onText(affix("suffix", argument, path, invalid)),
  "equals-ignore-case": (argument, path, invalid) => {
    const wanted = requireText("equals-ignore-case", argument, path, invalid).toLowerCase();
    return onText((value) => value.toLowerCase() === wanted);
  },
  wildcard: (argument, path, invalid) =>
    onText(wildcard(requireText("wildcard", argument, path, invalid), path, invalid)),
  numeric: (argument, path, invalid) => {
    const test = numeric(argument, path, invalid);
    return present((value) => typeof value === "number" && test(value));
  },
  cidr: (argument, path, invalid) =>
    onText(cidr(requireText("cidr", argument, path, invalid), path, invalid)),
  exists: (argument, path, invalid) => {
    if (typeof argument !== "boolean")
      throw invalid(`exists match pattern must be either true or false at "${path}"`);
    return { test: () => argument, absent: !argument };
  },
  "anything-but": (argument, path, invalid) => {
    const excluded = anythingBut(argument, path, invalid);
    return present((value) => !excluded(value));
  },
};

/** Operators that may stand inside anything-but, with one text or a list of them. */
const INSIDE_ANYTHING_BUT = ["prefix", "suffix", "equals-ignore-case", "wildcard"];

/** Compiles one item of a pattern's array: a plain value or `{operator: argument}`. @throws what `invalid` makes */
export function leafTest(item: unknown, path: string, invalid: Invalid): LeafTest {
  if (typeof item !== "object" || item === null) return present((value) => value === item);
  if (Array.isArray(item)) throw invalid(`Nested arrays are not allowed at "${path}"`);
  const [name, argument] = single(item, path, invalid);
  const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (!operator) throw invalid(`Unrecognized match type ${name} at "${path}"`);
  return operator(argument, path, invalid);
}

function present(test: (value: unknown) => boolean): LeafTest {
  return { test, absent: false };
}

function onText(test: TextTest): LeafTest {
  return present((value) => typeof value === "string" && test(value));
}

function single(object: object, path: string, invalid: Invalid): [string, unknown] {
  const entries: [string, unknown][] = Object.entries(object);
  const [first] = entries;
  if (!first || entries.length > 1) throw invalid(`Only one key allowed in match expression at "${path}"`);
  return first;
}

function requireText(operator: string, argument: unknown, path: string, invalid: Invalid): string {
  if (typeof argument === "string") return argument;
  throw invalid(`${operator} match pattern must be a string at "${path}"`);
}

function affix(kind: "prefix" | "suffix", argument: unknown, path: string, invalid: Invalid): TextTest {
  const [text, fold] = foldable(kind, argument, path, invalid);
  const wanted = fold(text);
  if (kind === "prefix") return (value) => fold(value).startsWith(wanted);
  return (value) => fold(value).endsWith(wanted);
}

/** `"text"`, or `{"equals-ignore-case": "text"}` with what makes case not count. */
function foldable(
  kind: string,
  argument: unknown,
  path: string,
  invalid: Invalid,
): [string, (value: string) => string] {
  if (typeof argument !== "object" || argument === null) {
    return [requireText(kind, argument, path, invalid), (value) => value];
  }
  const [name, text] = single(argument, path, invalid);
  if (name !== "equals-ignore-case") throw invalid(`Unsupported ${kind} pattern: ${name} at "${path}"`);
  return [requireText(kind, text, path, invalid), (value) => value.toLowerCase()];
}

/** Anything-but's exclusion: plain values, or one operator over one text or a list of them. */
function anythingBut(argument: unknown, path: string, invalid: Invalid): (value: unknown) => boolean {
  if (typeof argument === "object" && argument !== null && !Array.isArray(argument)) {
    const [name, inner] = single(argument, path, invalid);
    const operator = INSIDE_ANYTHING_BUT.includes(name) ? OPERATORS[name] : undefined;
    if (!operator) throw invalid(`Unsupported anything-but pattern: ${name} at "${path}"`);
    const tests = asList(inner, path, invalid).map((text) => operator(text, path, invalid));
    return (value) => tests.some(({ test }) => test(value));
  }
  const values = asList(argument, path, invalid);
  for (const value of values) {
    if (typeof value !== "string" && typeof value !== "number") {
      throw invalid(`Value of anything-but must be a string or a number at "${path}"`);
    }
  }
  return (value) => values.includes(value);
}

function asList(argument: unknown, path: string, invalid: Invalid): unknown[] {
  if (!Array.isArray(argument)) return [argument];
  if (argument.length === 0) throw invalid(`Empty arrays are not allowed at "${path}"`);
  return argument;
}

const COMPARISONS: Record<string, (value: number, bound: number) => boolean> = {
  "=": (value, bound) => value === bound,
  "<": (value, bound) => value < bound,
  "<=": (value, bound) => value <= bound,
  ">": (value, bound) => value > bound,
  ">=": (value, bound) => value >= bound,
};

/** `["=", 1]`, `["<", 5]`, or a range `[">", 0, "<=", 5]`. */
function numeric(argument: unknown, path: string, invalid: Invalid): (value: number) => boolean {
  if (!Array.isArray(argument) || (argument.length !== 2 && argument.length !== 4)) {
    throw invalid(`Invalid member in numeric match: a comparison and a number, or a range, at "${path}"`);
  }
  const tests: ((value: number) => boolean)[] = [];
  for (let index = 0; index < argument.length; index += 2) {
    const [name, bound]: [unknown, unknown] = [argument[index], argument[index + 1]];
    const compare =
      typeof name === "string" && Object.hasOwn(COMPARISONS, name) ? COMPARISONS[name] : undefined;
    if (!compare) throw invalid(`Unrecognized numeric range operator: ${String(name)} at "${path}"`);
    if (typeof bound !== "number" || Math.abs(bound) > NUMERIC_BOUND) {
      throw invalid(`Value of ${String(name)} must be a number from -5e9 to 5e9 at "${path}"`);
    }
    tests.push((value) => compare(value, bound));
  }
  if (argument.length === 4) checkRange(argument, path, invalid);
  return (value) => tests.every((test) => test(value));
}

function checkRange([lower, from, upper, to]: unknown[], path: string, invalid: Invalid): void {
  if (!String(lower).startsWith(">") || !String(upper).startsWith("<")) {
    throw invalid(`A numeric range needs > or >= first, then < or <=, at "${path}"`);
  }
  if (Number(from) >= Number(to)) throw invalid(`Bottom must be less than top at "${path}"`);
}

/** `*` stands for any characters; `\*` and `\\` for themselves. */
function wildcard(pattern: string, path: string, invalid: Invalid): TextTest {
  if (/(?<!\\)(\\\\)*\*\*/.test(pattern)) throw invalid(`Consecutive wildcard characters at "${path}"`);
  let source = "";
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index] ?? "";
    if (character === "*") source += "[^]*";
    else if (character === "\\") {
      const escaped = pattern[++index];
      if (escaped !== "*" && escaped !== "\\")
        throw invalid(`Invalid escape character at pos ${index - 1} at "${path}"`);
      source += `\\${escaped}`;
    } else source += character.replace(/[.+?^${}()|[\]/]/, "\\$&");
  }
  const expression = new RegExp(`^${source}$`);
  return (value) => expression.test(value);
}

function cidr(block: string, path: string, invalid: Invalid): TextTest {
  const [address = "", length = ""] = block.split("/");
  const family = isIP(address);
  const bits = Number(length);
  if (family === 0 || !/^\d+$/.test(length) || bits > (family === 4 ? 32 : 128)) {
    throw invalid(`Malformed CIDR, one '/' between an address and a prefix length required at "${path}"`);
  }
  const list = new BlockList();
  list.addSubnet(address, bits, family === 4 ? "ipv4" : "ipv6");
  return (value) => isIP(value) === family && list.check(value, family === 4 ? "ipv4" : "ipv6");
}
