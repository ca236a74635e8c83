import type { Cause } from "./cause.ts";
import { fold, foldPath } from "./fold.ts";
import type { LetterRow } from "./row.ts";

/** Dead letters with the same cause. */
export interface CauseGroup extends Cause {
  count: number;
  /** The `--where` that selects them. */
  where: string;
  /** The newest of them. */
  example: LetterRow;
}

interface Gathered {
  folded: Cause;
  rows: LetterRow[];
}

/**
 * Groups dead letters by cause: error code, path and message, with what varies from one to the next folded. The
 * largest group comes first. A part that is the same in all letters of a group is given as it is, else folded.
 */
export function groupByCause(rows: Iterable<LetterRow>): CauseGroup[] {
  const groups = new Map<string, Gathered>();
  for (const row of rows) {
    const folded = foldCause(row.cause);
    const id = JSON.stringify(folded);
    const group = groups.get(id);
    if (group) group.rows.push(row);
    else groups.set(id, { folded, rows: [row] });
  }
  const all = [...groups.values()];
  return all
    .map((group) => describe(group, all))
    .sort((a, b) => b.count - a.count || a.where.localeCompare(b.where));
}

function foldCause({ errorCode, path, message }: Cause): Cause {
  return {
    errorCode,
    path: path === null ? null : foldPath(path),
    message: message === null ? null : fold(message),
  };
}

function describe(group: Gathered, all: readonly Gathered[]): CauseGroup {
  const { folded, rows } = group;
  const common = (field: "path" | "message") => {
    const [first] = rows;
    const value = first?.cause[field] ?? null;
    return rows.every(({ cause }) => cause[field] === value) ? value : folded[field];
  };
  const path = common("path");
  return {
    count: rows.length,
    errorCode: folded.errorCode,
    path,
    message: common("message"),
    where: whereOf(group, path, all),
    example: rows.reduce((newest, row) => ((row.sentAt ?? "") > (newest.sentAt ?? "") ? row : newest)),
  };
}

/** Error code and path; the message only where another group has the same two. */
function whereOf(group: Gathered, path: string | null, all: readonly Gathered[]): string {
  const { folded } = group;
  const others = all.filter((one) => one !== group && one.folded.errorCode === folded.errorCode);
  const terms = [equals("cause.errorCode", folded.errorCode)];
  if (path || others.length > 0) {
    const varies = group.rows.some(({ cause }) => cause.path !== path);
    terms.push(equals(varies ? "folded(cause.path)" : "cause.path", path));
  }
  if (others.some((one) => one.folded.path === folded.path)) {
    const message = folded.message === null ? "cause.message" : "folded(cause.message)";
    terms.push(equals(message, folded.message));
  }
  return terms.join(" && ");
}

/** A JMESPath comparison: https://jmespath.org/specification.html */
function equals(expression: string, value: string | null): string {
  if (value === null) return `type(${expression}) == 'null'`;
  // Readers differ on backslashes in raw strings; a JSON literal has them without doubt.
  const literal = /['\\]/.test(value)
    ? `\`${JSON.stringify(value).replaceAll("`", "\\u0060")}\``
    : `'${value}'`;
  return `${expression} == ${literal}`;
}
