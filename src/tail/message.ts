import { LEVELS, type Level, type LoggedError, type ParsedMessage } from "./event.ts";
import { isObject, parsePlatformLine, parsePlatformRecord } from "./report-line.ts";

/** Members that hold the text, the level and the request id, as the common loggers and Lambda name them. */
const MESSAGE_KEYS = ["message", "msg"];
const LEVEL_KEYS = ["level", "severity", "log_level"];
const REQUEST_KEYS = ["requestId", "request_id", "AWSRequestId", "function_request_id", "awsRequestId"];
/** Shown already, as the event's own time. */
const TIME_KEYS = new Set(["timestamp", "time", "ts", "@timestamp"]);
const ERROR_KEYS = ["error", "err", "exception"];
const STACK_KEYS = ["stack", "stackTrace", "trace", "stack_trace"];

/** pino and bunyan write levels as numbers. */
const NUMBERED: Record<number, Level> = {
  10: "TRACE",
  20: "DEBUG",
  30: "INFO",
  40: "WARN",
  50: "ERROR",
  60: "FATAL",
};
const ALIASES: Record<string, Level> = { WARNING: "WARN", CRITICAL: "FATAL", NOTICE: "INFO" };

/** Node.js: `time TAB request id TAB level TAB text`. */
const NODE_LINE = /^\d{4}-\d\d-\d\dT[\d:.]+Z\t(\S+)\t([A-Z]+)\t([\s\S]*)$/;
/** Python: `[LEVEL] TAB time TAB request id TAB text`. */
const PYTHON_LINE = /^\[([A-Z]+)\]\t\d{4}-\d\d-\d\dT[\d:.]+Z\t(\S+)\t([\s\S]*)$/;
/** Written by Lambda when the function could not answer. */
const TIMED_OUT = /^\d{4}-\d\d-\d\dT[\d:.]+Z (\S+) (Task timed out after [\s\S]*)$/;
const CRASHED = /^RequestId: (\S+) (Error: [\s\S]*)$/;
const LEVEL_WORD = /^\W{0,2}(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL)\b|\blevel=([a-z]+)\b/;
const EXCEPTION = /^(Traceback \(most recent call last\)|Uncaught|(?:[A-Z]\w*)?(?:Error|Exception): )/;
const STACK_LINE = /^\s+at |^\s+File ".*", line \d+/;

/** Numbers of 16 digits and more, and the strings that must not be mistaken for them. */
const LONG_NUMBERS = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

/** Reads the text of a log event: a line of Lambda's own, JSON, the runtimes' text formats, or plain text. */
export function parseMessage(raw: string): ParsedMessage {
  const text = raw.trimEnd();
  const platform = parsePlatformLine(text);
  if (platform) return platform;
  const members = jsonMembers(text);
  if (members) return parsePlatformRecord(members, text) ?? parseMembers(members, text);
  return parseText(text);
}

function parseText(text: string): ParsedMessage {
  const node = NODE_LINE.exec(text);
  if (node) return framed(node[3] ?? "", node[1], node[2]);
  const python = PYTHON_LINE.exec(text);
  if (python) return framed(python[3] ?? "", python[2], python[1]);
  const failure = TIMED_OUT.exec(text) ?? CRASHED.exec(text);
  if (failure) return framed(failure[2] ?? "", failure[1], "ERROR");
  const word = LEVEL_WORD.exec(text);
  const level = toLevel(word?.[1] ?? word?.[2]) ?? (EXCEPTION.test(text) ? "ERROR" : null);
  return { kind: "log", level, message: text, requestId: null, ...stackOf(text) };
}

/** A text whose request id and level stand before it; what follows may be JSON again. */
function framed(text: string, requestId: string | undefined, level: string | undefined): ParsedMessage {
  const frame = {
    requestId: requestId === "undefined" ? null : (requestId ?? null),
    level: toLevel(level) ?? null,
  };
  // `Invoke Error TAB {"errorType": ...}`: how Node.js tells of an error that the handler threw.
  const brace = text.indexOf("\t{");
  const [before, after] = brace === -1 ? [text] : [text.slice(0, brace), text.slice(brace + 1)];
  const members = jsonMembers(after ?? text);
  if (!members) return { kind: "log", message: text, ...frame, ...stackOf(text) };
  const inner = parseMembers(members, after ?? text);
  return {
    ...inner,
    requestId: frame.requestId ?? inner.requestId,
    level: inner.level ?? frame.level,
    ...(after === undefined ? {} : { message: before ?? "" }),
  };
}

function parseMembers(members: Record<string, unknown>, text: string): ParsedMessage {
  const rest = { ...members };
  const take = (keys: readonly string[], fits: (value: unknown) => boolean): unknown => {
    const key = keys.find((name) => fits(rest[name]));
    if (key === undefined) return undefined;
    const value = rest[key];
    delete rest[key];
    return value;
  };
  const isText = (value: unknown) => typeof value === "string";
  const level = toLevel(take(LEVEL_KEYS, (value) => toLevel(value) !== undefined));
  const requestId = take(REQUEST_KEYS, isText) as string | undefined;
  const error = takeError(rest, take);
  // JSON log format of the runtimes: an object as message is one more level of members.
  const inner = isObject(rest.message) ? rest.message : undefined;
  if (inner) delete rest.message;
  const message = (take(MESSAGE_KEYS, isText) ?? error?.message ?? (inner ? "" : undefined)) as
    | string
    | undefined;
  for (const key of TIME_KEYS) delete rest[key];
  const fields = { ...rest, ...inner };
  return {
    kind: "log",
    level: level ?? (error ? "ERROR" : null),
    message: message ?? (level || requestId ? "" : text),
    requestId: requestId ?? null,
    ...(Object.keys(fields).length > 0 && (message !== undefined || level || requestId) ? { fields } : {}),
    ...(error ? { error } : {}),
  };
}

/** An error among the members: `error: {name, message, stack}`, or Lambda's `errorType`, `errorMessage`, `stack`. */
function takeError(
  rest: Record<string, unknown>,
  take: (keys: readonly string[], fits: (value: unknown) => boolean) => unknown,
): LoggedError | undefined {
  const key = ERROR_KEYS.find(
    (name) => isObject(rest[name]) && STACK_KEYS.some((stack) => stack in objectOf(rest[name])),
  );
  const from = key === undefined ? rest : objectOf(rest[key]);
  const stackKey = STACK_KEYS.find((name) => typeof from[name] === "string" || Array.isArray(from[name]));
  if (stackKey === undefined) return undefined;
  const stack = from[stackKey];
  const lines = (Array.isArray(stack) ? stack.map(String) : String(stack).split("\n")).map((line) =>
    line.trimEnd(),
  );
  const text = (names: string[]) =>
    names.map((name) => from[name]).find((value) => typeof value === "string");
  const type = (text(["errorType", "name", "type"]) ?? null) as string | null;
  const message = (text(["errorMessage", "message"]) ?? null) as string | null;
  if (key === undefined) take([stackKey, ...STACK_KEYS], (value) => value === stack);
  else delete rest[key];
  if (key === undefined) for (const name of ["errorType", "errorMessage"]) delete rest[name];
  // The first line repeats type and message.
  const heading = lines[0] !== undefined && !STACK_LINE.test(lines[0]) && lines.length > 1;
  return { type, message, stack: (heading ? lines.slice(1) : lines).filter((line) => line !== "") };
}

function objectOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

/** The stack that follows a plain text's first line. */
function stackOf(text: string): Pick<ParsedMessage, "message" | "error"> | undefined {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => STACK_LINE.test(line));
  if (first < 1) return undefined;
  const message = lines.slice(0, first).join("\n");
  return {
    message,
    error: { type: null, message: null, stack: lines.slice(first).map((line) => line.trimEnd()) },
  };
}

function toLevel(value: unknown): Level | undefined {
  if (typeof value === "number") return NUMBERED[value];
  if (typeof value !== "string") return undefined;
  const word = value.toUpperCase();
  return LEVELS.find((level) => level === word) ?? ALIASES[word];
}

/** The members of a JSON object; integers that a double can't hold stay as their digits. */
function jsonMembers(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith("{") || !text.endsWith("}")) return undefined;
  const exact = /\d{16}/.test(text)
    ? text.replace(LONG_NUMBERS, (match) =>
        match.startsWith('"') || Number.isSafeInteger(Number(match)) ? match : `"${match}"`,
      )
    : text;
  try {
    const value: unknown = JSON.parse(exact);
    return isObject(value) ? value : undefined;
  } catch {
    // Looks like JSON and is none: plain text, then.
    return undefined;
  }
}
