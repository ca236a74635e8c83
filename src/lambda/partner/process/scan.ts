import { isUtf8 } from "node:buffer";
import { parseRecord, type RecordFault } from "./odd-record.ts";

/**
 * A record whose fields lie at `bytes[starts[n]..ends[n]]`, quotes and line end taken off. The object is used again
 * for the next record.
 */
export interface Row {
  bytes: Buffer;
  starts: Int32Array;
  ends: Int32Array;
  /** Line of the file, from 1, that the record begins on. */
  line: number;
  /** Bit n is set where field n has doubled quotes in it, which are still doubled. */
  escaped: number;
}

/** Takes the records of a file, in their order. */
export interface RecordSink {
  /** A record with the expected number of fields. */
  row(row: Row): void;
  /** A record that the quick scan didn't take, or that is no CSV. */
  odd(line: number, record: string[] | RecordFault): void;
}

/** A record of more bytes is taken for one whose quote was never closed. */
export const MOST_RECORD_BYTES = 256 * 1024;

const QUOTE = 0x22;
const COMMA = 0x2c;
const LF = 0x0a;
const CR = 0x0d;

const TOO_LONG: RecordFault = { field: -1, message: `the line has more than ${MOST_RECORD_BYTES} bytes` };

const MORE = -1;
const ODD = -2;

/**
 * Splits a CSV file into records, as RFC 4180 and csv-parse have it, block by block. Plain and well quoted records
 * are found by their bytes, without a string or an object each; every other one goes through csv-parse, alone. So
 * a fault costs one record: the next begins on the next line.
 */
export class Scanner {
  #rest: Buffer = Buffer.alloc(0);
  #line = 1;
  /** Lines of the record that was found last. */
  #lines = 1;
  /** Whether the line that goes on is given up. */
  #overlong = false;
  #row: Row;
  #sink: RecordSink;
  #width: number;

  /**
   * @param width fields of a record
   * @param thorough whether every record is to go through csv-parse, for comparison
   */
  constructor(
    width: number,
    sink: RecordSink,
    private readonly thorough = false,
  ) {
    this.#sink = sink;
    this.#width = width;
    this.#row = {
      bytes: this.#rest,
      starts: new Int32Array(width),
      ends: new Int32Array(width),
      line: 1,
      escaped: 0,
    };
  }

  /** Changes number of fields and receiver, from the next record on: the header has been read. */
  continueWith(width: number, sink: RecordSink): void {
    this.#sink = sink;
    this.#width = width;
    this.#row.starts = new Int32Array(width);
    this.#row.ends = new Int32Array(width);
  }

  /** Takes the next bytes of the file. */
  push(bytes: Buffer): void {
    const chunk = this.#overlong ? this.#afterLine(bytes) : bytes;
    const block = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const end = block.lastIndexOf(LF) + 1;
    const taken = end === 0 ? 0 : this.#scan(block.subarray(0, end), block.length, false);
    this.#rest = block.subarray(taken);
    if (end > 0 || block.length <= MOST_RECORD_BYTES) return;
    this.#sink.odd(this.#line, TOO_LONG);
    this.#overlong = true;
    this.#rest = Buffer.alloc(0);
  }

  /** Tells the scanner that the file ends here; a CR at the very end counts as a line end. */
  end(): void {
    if (this.#rest.length === 0) return;
    const last = this.#rest.at(-1) === LF ? this.#rest : Buffer.concat([this.#rest, Buffer.of(LF)]);
    this.#rest = Buffer.alloc(0);
    this.#scan(last, last.length, true);
  }

  /** What follows the line that was given up; empty while it goes on. */
  #afterLine(bytes: Buffer): Buffer {
    const end = bytes.indexOf(LF) + 1;
    if (end === 0) return Buffer.alloc(0);
    this.#overlong = false;
    this.#line++;
    return bytes.subarray(end);
  }

  /** Scans whole lines. Returns how many bytes are done with. */
  #scan(block: Buffer, available: number, last: boolean): number {
    this.#row.bytes = block;
    const quick = !this.thorough;
    const valid = isUtf8(block);
    let at = 0;
    while (at < block.length) {
      if (block[at] === LF || (block[at] === CR && block[at + 1] === LF)) {
        at += block[at] === LF ? 1 : 2;
        this.#line++;
        continue;
      }
      let next = quick ? this.#quick(block, at) : ODD;
      if (next - at > MOST_RECORD_BYTES || (next !== ODD && !valid && !isUtf8(block.subarray(at, next))))
        next = ODD;
      if (next === ODD) {
        next = this.#odd(block, at, last || available - at > MOST_RECORD_BYTES);
        if (next === MORE) return at;
      } else {
        this.#row.line = this.#line;
        this.#line += this.#lines;
        this.#sink.row(this.#row);
      }
      at = next;
    }
    return at;
  }

  /** Finds the fields of one record. Returns where the next begins, or ODD. */
  #quick(block: Buffer, from: number): number {
    const { starts, ends } = this.#row;
    const last = this.#width - 1;
    const length = block.length;
    let escaped = 0;
    let lines = 1;
    let at = from;
    for (let field = 0; ; field++) {
      if (field > last) return ODD;
      let byte = block[at];
      if (byte === QUOTE) {
        starts[field] = ++at;
        for (; ; at++) {
          if (at >= length) return ODD;
          byte = block[at];
          if (byte === LF) lines++;
          else if (byte === QUOTE) {
            if (block[at + 1] !== QUOTE) break;
            escaped |= 1 << field;
            at++;
          }
        }
        ends[field] = at++;
        byte = block[at];
        if (byte === CR && block[at + 1] === LF) byte = block[++at];
        if (byte !== COMMA && byte !== LF) return ODD;
      } else {
        starts[field] = at;
        while (byte !== COMMA && byte !== LF) {
          if (byte === QUOTE) return ODD;
          byte = block[++at];
        }
        ends[field] = byte === LF && at > (starts[field] as number) && block[at - 1] === CR ? at - 1 : at;
      }
      at++;
      if (byte === COMMA) continue;
      if (field < last) return ODD;
      this.#lines = lines;
      this.#row.escaped = escaped;
      return at;
    }
  }

  /**
   * Takes a record to csv-parse: up to the first line end that has an even number of quotes before it, for there
   * no quoted field is open. Returns where the next record begins, or MORE when its end isn't there yet.
   */
  #odd(block: Buffer, from: number, last: boolean): number {
    const firstEnd = block.indexOf(LF, from) + 1;
    if (firstEnd - from > MOST_RECORD_BYTES) return this.#skipLine(TOO_LONG, firstEnd);
    let end = from;
    let open = false;
    let lines = 0;
    do {
      const lineEnd = block.indexOf(LF, end) + 1;
      if (lineEnd === 0 || lineEnd - from > MOST_RECORD_BYTES) {
        if (lineEnd === 0 && !last) return MORE;
        return this.#skipLine(parseRecord(block.subarray(from, firstEnd)), firstEnd);
      }
      for (let at = block.indexOf(QUOTE, end); at !== -1 && at < lineEnd; at = block.indexOf(QUOTE, at + 1)) {
        open = !open;
      }
      end = lineEnd;
      lines++;
    } while (open);
    const record = parseRecord(block.subarray(from, end));
    if (!Array.isArray(record) && lines > 1) return this.#skipLine(record, firstEnd);
    this.#sink.odd(this.#line, record);
    this.#line += lines;
    return end;
  }

  #skipLine(fault: string[] | RecordFault, end: number): number {
    this.#sink.odd(this.#line, fault);
    this.#line++;
    return end;
  }
}
