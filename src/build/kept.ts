import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type BuildInputs, currency, fingerprint } from "./inputs.ts";
import { recipe } from "./recipe.ts";
import { replaceFile } from "./write.ts";

/** What lies beside a kept zip. */
interface ZipRecord {
  recipe: string;
  /** Of the zip, in hex. */
  sha256: string;
  inputs: BuildInputs;
}

/** Where the zips lie that were made when this edp was built. */
export const shippedZips = (root: string): string => path.join(root, "dist", "lambda");

/**
 * Finds zips in directories, the first where bundling again would give the same. A zip or record that is missing, torn
 * or not of one another is no zip: it is made again.
 */
export function keptZips(
  root: string,
  directories: readonly string[],
): (name: string) => Promise<Buffer | undefined> {
  const isCurrent = currency(root);
  const today = recipe();
  return async (name) => {
    for (const directory of directories) {
      const record = await readRecord(recordFile(directory, name));
      if (record?.recipe !== (await today) || !(await isCurrent(record.inputs))) continue;
      const zip = await readFile(path.join(directory, `${name}.zip`)).catch(() => undefined);
      if (zip && sha256(zip) === record.sha256) return zip;
    }
    return undefined;
  };
}

/**
 * Records what a zip was made of, so that it can be kept.
 * @param files what was bundled, by paths from the root
 * @throws InvalidInputError NOT_WRITABLE
 */
export async function recordZip(
  root: string,
  directory: string,
  { name, zip, files }: { name: string; zip: Uint8Array; files: readonly string[] },
): Promise<void> {
  const inputs = await fingerprint(root, files);
  const record: ZipRecord = { recipe: await recipe(), sha256: sha256(zip), inputs };
  await replaceFile(recordFile(directory, name), Buffer.from(JSON.stringify(record)));
}

/** SHA-256 in hex. */
export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

const recordFile = (directory: string, name: string) => path.join(directory, `${name}.inputs.json`);

async function readRecord(file: string): Promise<ZipRecord | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as ZipRecord;
  } catch {
    return undefined;
  }
}
