import { growableBytes } from "./growable.ts";
import type { Leaf } from "./schema.ts";
import { createValues, type Values } from "./values.ts";

/** One leaf column of the row group being filled: its values and their levels. */
export class Column {
  readonly definition = growableBytes();
  readonly repetition = growableBytes();
  readonly values: Values;

  constructor(
    readonly leaf: Leaf,
    /** Names from the row down to the leaf, as in the Parquet schema. */
    readonly path: readonly string[],
    /** 0 outside every list; then no repetition levels are kept. */
    readonly maxRepetition: number,
    /** 0 where nothing on the path may be null; then no definition levels are kept. */
    readonly maxDefinition: number,
  ) {
    this.values = createValues(leaf.kind);
  }

  append(value: unknown, repetition: number): void {
    if (this.maxRepetition > 0) this.repetition.push(repetition);
    if (this.maxDefinition > 0) this.definition.push(this.maxDefinition);
    this.values.push(value);
  }

  appendNull(repetition: number, definition: number): void {
    if (this.maxRepetition > 0) this.repetition.push(repetition);
    this.definition.push(definition);
  }

  /** Roughly the memory held, in bytes. */
  get bytes(): number {
    return this.values.bytes + this.definition.length + this.repetition.length;
  }
}
