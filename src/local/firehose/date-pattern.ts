const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const DAY_MS = 86_400_000;

type Field = (date: Date) => string;

const number =
  (count: number, read: (date: Date) => number): Field =>
  (date) =>
    String(read(date)).padStart(count, "0");
const named =
  (count: number, names: readonly string[], read: (date: Date) => number): Field =>
  (date) => {
    const name = names[read(date)] ?? "";
    return count <= 3 ? name.slice(0, 3) : name;
  };
const year =
  (count: number): Field =>
  (date) => {
    const text = String(date.getUTCFullYear()).padStart(count, "0");
    return count === 2 ? text.slice(-2) : text;
  };

const month = (date: Date) => date.getUTCMonth();
const hour = (date: Date) => date.getUTCHours();

/** What a run of one letter stands for, by letter. */
const FIELDS: Record<string, (count: number) => Field> = {
  y: year,
  u: year,
  M: (count) => (count <= 2 ? number(count, (date) => month(date) + 1) : named(count, MONTHS, month)),
  d: (count) => number(count, (date) => date.getUTCDate()),
  D: (count) =>
    number(count, (date) => Math.floor((+date - Date.UTC(date.getUTCFullYear(), 0)) / DAY_MS) + 1),
  E: (count) => named(count, DAYS, (date) => date.getUTCDay()),
  a: () => (date) => (hour(date) < 12 ? "AM" : "PM"),
  H: (count) => number(count, hour),
  k: (count) => number(count, (date) => hour(date) || 24),
  K: (count) => number(count, (date) => hour(date) % 12),
  h: (count) => number(count, (date) => hour(date) % 12 || 12),
  m: (count) => number(count, (date) => date.getUTCMinutes()),
  s: (count) => number(count, (date) => date.getUTCSeconds()),
  S: (count) => (date) =>
    String(date.getUTCMilliseconds()).padStart(3, "0").padEnd(count, "0").slice(0, count),
};
/** Letters that stand for numbers and are a name, or nothing, when there are more of them than this. */
const LONGEST: Record<string, number> = {
  d: 2,
  D: 3,
  H: 2,
  k: 2,
  K: 2,
  h: 2,
  m: 2,
  s: 2,
  a: 1,
  M: 4,
  E: 4,
  S: 9,
};

const TOKEN = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z'[\]{}#]/gy;

/**
 * Compiles a pattern of Java's DateTimeFormatter for times in UTC; undefined when it is none or has a letter that
 * is not served here (weeks and time zones).
 * https://docs.oracle.com/javase/8/docs/api/java/time/format/DateTimeFormatter.html
 */
export function compileDatePattern(pattern: string): ((ms: number) => string) | undefined {
  const fields: Field[] = [];
  let end = 0;
  for (const match of pattern.matchAll(TOKEN)) {
    const [whole, quoted, letter] = match;
    end = match.index + whole.length;
    if (quoted !== undefined) {
      const literal = quoted === "" ? "'" : quoted.replaceAll("''", "'");
      fields.push(() => literal);
    } else if (letter === undefined) fields.push(() => whole);
    else {
      const field = Object.hasOwn(FIELDS, letter) ? FIELDS[letter] : undefined;
      if (!field || whole.length > (LONGEST[letter] ?? 9)) return undefined;
      fields.push(field(whole.length));
    }
  }
  if (pattern === "" || end !== pattern.length) return undefined;
  return (ms) => {
    const date = new Date(ms);
    return fields.map((field) => field(date)).join("");
  };
}
