const NEWLINE = 0x0a;

/** Splits at newlines; the newlines are not part of the lines, and blank lines are left out. */
export function splitAtNewlines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found === -1 ? bytes.length : found;
    const line = bytes.subarray(start, end);
    if (!isBlank(line)) lines.push(line);
    start = end + 1;
  }
  return lines;
}

/**
 * Splits a stream as {@link splitAtNewlines} splits bytes.
 * @throws LineTooLong once a line has more than `limit` bytes
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>, limit: number): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const tail = chunk.subarray(start, end);
      const line = rest.length === 0 ? tail : Buffer.concat([...rest, tail]);
      rest = [];
      held = 0;
      start = end + 1;
      if (!isBlank(line)) yield line;
    }
    if (start < chunk.length) {
      rest.push(chunk.subarray(start));
      held += chunk.length - start;
      if (held > limit) throw new LineTooLong(limit);
    }
  }
  const last = Buffer.concat(rest);
  if (!isBlank(last)) yield last;
}

export class LineTooLong extends Error {
  constructor(limit: number) {
    super(`a line has more than ${limit} bytes`);
    this.name = "LineTooLong";
  }
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}
