import { createHash } from "node:crypto";

/** JSON text of a value with the keys of every object in order: equal content has equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}

/** The id of content: SHA-256 of its canonical JSON, in hex. */
export function contentId(canonical: string): string {
  return createHash("sha256").update(canonical).digest("hex");
}
