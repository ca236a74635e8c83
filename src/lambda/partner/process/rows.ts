import type { Layout } from "./columns.ts";
import type { OnFault, RowFault } from "./faults.ts";
import type { RecordFault } from "./odd-record.ts";
import type { RecordSink, Row } from "./scan.ts";

/** How many rows a file has, and what became of them. */
export interface RowCounts {
  rows: number;
  /** Rows with a fault. */
  rejected: number;
}

/** What a kind of file does with its rows. */
export interface RowRules {
  /** Takes a row that is right at the first glance. Returns false for every other one, untouched. */
  quick(row: Row): boolean;
  /** Looks at a row thoroughly, takes it if it is right, and tells every fault of it. */
  thorough(fields: readonly string[], row: RowJudge): void;
}

/** Collects what is wrong with one row. */
export interface RowJudge {
  line: number;
  /** Tells a fault; the row counts as rejected from the first one on. */
  fault(column: string | null, message: string, references?: References): void;
}

export type References = Partial<Pick<RowFault, "customerReference" | "orderReference">>;

/** Takes a file's records to the rules of its kind, and counts. */
export class RowSink implements RecordSink {
  constructor(
    private readonly layout: Layout,
    private readonly rules: RowRules,
    private readonly counts: RowCounts,
    private readonly onFault: OnFault,
  ) {}

  row(row: Row): void {
    this.counts.rows++;
    if (!this.rules.quick(row)) this.#thorough(row.line, fieldsOf(row));
  }

  odd(line: number, record: string[] | RecordFault): void {
    this.counts.rows++;
    if (!Array.isArray(record)) {
      this.#judge(line).fault(this.layout.names[record.field] ?? null, record.message);
    } else if (record.length !== this.layout.width) {
      const message = `the record has ${record.length} fields, the header has ${this.layout.width}`;
      this.#judge(line).fault(null, message);
    } else this.#thorough(line, record);
  }

  #thorough(line: number, fields: readonly string[]): void {
    this.rules.thorough(fields, this.#judge(line));
  }

  #judge(line: number): RowJudge {
    let rejected = false;
    return {
      line,
      fault: (column, message, { customerReference = null, orderReference = null } = {}) => {
        if (!rejected) this.counts.rejected++;
        rejected = true;
        this.onFault({ line, column, message, customerReference, orderReference });
      },
    };
  }
}

function fieldsOf({ bytes, starts, ends, escaped }: Row): string[] {
  return Array.from(starts, (start, field) => {
    const text = bytes.toString("utf8", start, ends[field]);
    return escaped & (1 << field) ? text.replaceAll('""', '"') : text;
  });
}
