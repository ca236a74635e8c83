import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";

/** One run of a fake tool. */
export interface ToolCall {
  args: string[];
  stdin: string;
  variables: NodeJS.ProcessEnv;
  /** Of `build`: path and mode of each file of the context. */
  context: Record<string, string>;
}

/**
 * Writes an executable that plays docker with this JavaScript body, which may use `args`, and `say(line)` for
 * stderr. `info`, `login`, `build`, `push` and `logout` succeed by themselves, an image's platform is linux/arm64.
 * @returns the directory for the PATH, and what was called so far
 */
export async function fakeContainerTool(
  directory: string,
  body = "",
  name = "docker",
): Promise<{ folder: string; file: string; calls(): Promise<ToolCall[]> }> {
  const folder = path.join(directory, "bin");
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, name);
  const log = path.join(directory, `${name}-calls.jsonl`);
  await writeFile(log, "");
  await writeFile(
    file,
    `#!${process.execPath}
const fs = require("node:fs"), path = require("node:path");
const args = process.argv.slice(2);
const say = (line) => fs.writeSync(2, line + "\\n");
const stdin = args.includes("--password-stdin") ? fs.readFileSync(0, "utf8") : "";
const context = {};
if (args[0] === "build") for (const entry of fs.readdirSync(args.at(-1), { recursive: true, withFileTypes: true })) {
  const file = path.join(entry.parentPath, entry.name);
  if (entry.isFile()) context[path.relative(args.at(-1), file)] = (fs.statSync(file).mode & 0o777).toString(8);
}
fs.appendFileSync(${JSON.stringify(log)}, JSON.stringify({ args, stdin, variables: process.env, context }) + "\\n");
if (args[0] === "image") console.log(process.env.FAKE_PLATFORM ?? "linux/arm64");
${body}
`,
  );
  await chmod(file, 0o755);
  const calls = async () =>
    (await readFile(log, "utf8"))
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as ToolCall);
  return { folder, file, calls };
}
