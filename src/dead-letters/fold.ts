/**
 * What differs between messages that mean the same, in the order in which it is replaced. Object keys and other
 * paths come before numbers, since they hold them.
 */
const VARIABLE_PARTS: readonly RegExp[] = [
  /"(?:[^"\\]|\\.)*"/g,
  /'(?:[^'\\]|\\.)*'/g,
  /`[^`]*`/g,
  /\S*[^\s:]\/[^\s:]\S*/g,
  /\b\d{4}-\d{2}-\d{2}(?:[T ][\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?/g,
  // UUIDs, hashes, and ids of services: words of some length with a digit in them.
  /\b(?=[\w-]*\d)[\w-]{12,}\b/g,
  /\d+(?:[.,]\d+)*/g,
];

/** Only the beginning of a message is folded; a log line may have 256 KB. */
const MAX_LENGTH = 1_000;

/**
 * Folds the variable parts of a cause's message to `*`: indices, numbers, ids, times, quoted texts and
 * paths. Messages that differ in nothing else fold to the same text.
 */
export function fold(text: string): string {
  let folded = text.slice(0, MAX_LENGTH);
  for (const part of VARIABLE_PARTS) folded = folded.replace(part, "*");
  return folded;
}

/** Folds the indices of a path: `tracks[3].artists[0]` is `tracks[*].artists[*]`. */
export function foldPath(path: string): string {
  return path.replace(/\[\d+\]/g, "[*]");
}
