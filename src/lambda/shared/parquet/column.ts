import { Levels } from "./levels.ts";
import type { Leaf } from "./schema.ts";
import { createValues, type Values } from "./values.ts";

/** One leaf column of the row group being filled: its values and their levels. */
export class Column {
  readonly definition = new Levels();
  readonly repetition = new Levels();
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

  /** Appends a list's elements, at least one; the first has the repetition level of the list. */
  appendList(elements: readonly unknown[], repetition: number): void {
    this.repetition.push(repetition);
    if (elements.length > 1) this.repetition.push(this.maxRepetition, elements.length - 1);
    for (let index = 0; index < elements.length; index++) {
      const element = elements[index];
      if (element === null) this.definition.push(this.maxDefinition - 1);
      else {
        this.definition.push(this.maxDefinition);
        this.values.push(element);
      }
    }
  }

  /** Roughly the memory held, in bytes. */
  get bytes(): number {
    return this.values.bytes + this.definition.bytes + this.repetition.bytes;
  }
}
