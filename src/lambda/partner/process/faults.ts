/** What is wrong at one place of a file. */
export interface RowFault {
  /** Line of the file, from 1, that the record begins on; null when it is the file as a whole. */
  line: number | null;
  /** Name of the column; null when it is the record or the file as a whole. */
  column: string | null;
  message: string;
  customerReference: string | null;
  orderReference: string | null;
}

/** Takes the faults of one file. */
export type OnFault = (fault: RowFault) => void;
