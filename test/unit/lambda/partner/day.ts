import { KINDS, type Kind } from "../../../../src/lambda/partner/process/day-file.ts";
import type { RowFault } from "../../../../src/lambda/partner/process/faults.ts";
import { readHead } from "../../../../src/lambda/partner/process/head.ts";
import {
  type CustomerResult,
  type DayInput,
  type DayResult,
  type JoinOptions,
  joinDay,
} from "../../../../src/lambda/partner/process/transform.ts";

export const HEADERS = {
  customers: "id,first_name,last_name,customer_reference,status",
  orders: "id,customer_reference,order_status,order_reference,order_timestamp",
  items: "id,order_reference,item_name,quantity,total_price",
} as const satisfies Record<Kind, string>;

/** The text of a file: its header and these rows. */
export function csv(kind: Kind, ...rows: string[]): string {
  return [HEADERS[kind], ...rows].map((row) => `${row}\n`).join("");
}

export interface Joined {
  customers: CustomerResult[];
  counts: DayResult["counts"];
  faults: (RowFault & { kind: Kind })[];
}

/** Joins a day given as whole files, read in chunks of `chunk` bytes. */
export async function join(
  files: Record<Kind, string | Buffer>,
  options: Partial<JoinOptions> & { chunk?: number } = {},
): Promise<Joined> {
  const faults: Joined["faults"] = [];
  const inputs = KINDS.map((kind): [Kind, DayInput] => {
    const bytes = Buffer.from(files[kind] as string);
    const layout = readHead(kind, bytes, true);
    if (Array.isArray(layout)) throw new Error(layout.map(({ message }) => message).join("; "));
    return [kind, { layout, bytes: bytes.length, content: chunks(bytes, options.chunk ?? 65_536) }];
  });
  const result = await joinDay(Object.fromEntries(inputs) as Record<Kind, DayInput>, {
    onFault: (kind, fault) => faults.push({ kind, ...fault }),
    ...options,
  });
  return { customers: [...result.customers()], counts: result.counts, faults };
}

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
