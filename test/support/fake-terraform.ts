import { chmod, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import type { TerraformProcess } from "../../src/terraform/run.ts";

/**
 * Writes an executable that plays Terraform with this JavaScript body. It may use `emit(message)` for a line of the
 * JSON stream and `fs`; it ends when its event loop is empty.
 */
export async function fakeTerraform(directory: string, body: string): Promise<TerraformProcess> {
  const binary = path.join(directory, "terraform");
  const prelude = `#!${process.execPath}
const fs = require("node:fs");
const emit = (message) => fs.writeSync(1, JSON.stringify(message) + "\\n");
`;
  await writeFile(binary, prelude + body);
  await chmod(binary, 0o755);
  const work = path.join(directory, "work");
  await mkdir(work, { recursive: true });
  return { binary, work, logs: path.join(directory, "logs"), variables: { PATH: process.env.PATH } };
}
