import { readFile, writeFile } from "node:fs/promises";
import { strToU8, unzipSync, zipSync } from "fflate";

/**
 * The shipped bundle behind a wrapper that ends the process on every tenth invocation: in turn before an
 * output is written, and after S3 has confirmed it but before the handler returns. `CRASH_COUNTER` names
 * the file that counts invocations over all processes.
 */
const WRAPPER = `
import fs from "node:fs";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";

let crash;
const request = http.request;
http.request = (options, ...rest) => {
  const writes = options.method === "PUT" && options.path.includes("/dataset");
  if (writes && crash === "before the write") process.exit(1);
  const sent = request(options, ...rest);
  if (writes && crash === "after the write") sent.prependListener("response", () => process.exit(1));
  return sent;
};
syncBuiltinESMExports();
const shipped = await import("./shipped.mjs");

export async function handler(event, context) {
  fs.appendFileSync(process.env.CRASH_COUNTER, ".");
  const count = fs.statSync(process.env.CRASH_COUNTER).size;
  crash = count % 10 === 0 ? (count % 20 === 0 ? "after the write" : "before the write") : undefined;
  return shipped.handler(event, context);
}
`;

/** Writes the crashing variant of a function's zip. */
export async function writeCrashingBundle(zip: string, target: string): Promise<void> {
  const { "index.mjs": shipped } = unzipSync(await readFile(zip));
  if (!shipped) throw new Error(`${zip} holds no index.mjs`);
  await writeFile(target, zipSync({ "index.mjs": strToU8(WRAPPER), "shipped.mjs": shipped }));
}
