import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { EnvironmentPaths } from "./paths.ts";

/** Files and folders of the working copy that are Terraform's own. `errored.tfstate` is a state it could not save. */
const KEPT = new Set([".terraform", ".terraform.lock.hcl", "errored.tfstate"]);

export const VARIABLES_FILE = "edp.auto.tfvars.json";
export const BACKEND_FILE = "backend.tf.json";
/** Folders of the working copy; the HCL gets these relative names. */
export const PIPELINES_FOLDER = "pipelines";
export const FUNCTIONS_FOLDER = "functions";

export interface WorkspaceContent {
  /** Directory with the root module and `modules/`. */
  hcl: string;
  /** Pipeline files to deploy. */
  pipelines: readonly string[];
  /** Zips named `<pipeline>-<function>.zip`. */
  zips: readonly string[];
  variables: Record<string, unknown>;
  backend: object;
}

/**
 * Makes `.edp/<env>/work` hold exactly this content. A file is written only when its bytes differ, so that
 * nothing changes when nothing has changed, and nothing in it depends on where the project directory lies.
 */
export async function writeWorkspace(paths: EnvironmentPaths, content: WorkspaceContent): Promise<void> {
  await mkdir(paths.work, { recursive: true, mode: 0o700 });
  for (const directory of [paths.root, paths.work]) await chmod(directory, 0o700);
  const wanted = new Map<string, { from: string } | { text: string }>();
  for (const file of await hclFiles(content.hcl)) wanted.set(file, { from: path.join(content.hcl, file) });
  for (const file of content.pipelines)
    wanted.set(path.join(PIPELINES_FOLDER, path.basename(file)), { from: file });
  for (const file of content.zips)
    wanted.set(path.join(FUNCTIONS_FOLDER, path.basename(file)), { from: file });
  wanted.set(VARIABLES_FILE, { text: `${JSON.stringify(content.variables, null, 2)}\n` });
  wanted.set(BACKEND_FILE, { text: `${JSON.stringify(content.backend, null, 2)}\n` });
  for (const [file, source] of wanted) await put(path.join(paths.work, file), source);
  await removeOthers(paths.work, "", wanted);
}

/** Every `.tf` and `.json` file of the root module and its modules, without tests and READMEs. */
async function hclFiles(root: string, folder = ""): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory() && (folder !== "" || entry.name === "modules") && entry.name !== "tests") {
      found.push(...(await hclFiles(root, name)));
    } else if (entry.isFile() && entry.name.endsWith(".tf")) found.push(name);
  }
  return found.sort();
}

async function put(file: string, source: { from: string } | { text: string }): Promise<void> {
  const wanted = "from" in source ? await digest(source.from) : hash(source.text);
  if ((await digest(file)) === wanted) return;
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  if ("from" in source) await copyFile(source.from, file);
  else await writeFile(file, source.text, { mode: 0o600 });
  await chmod(file, 0o600);
}

async function removeOthers(
  work: string,
  folder: string,
  wanted: ReadonlyMap<string, unknown>,
): Promise<void> {
  for (const entry of await readdir(path.join(work, folder), { withFileTypes: true })) {
    if (folder === "" && KEPT.has(entry.name)) continue;
    const name = path.join(folder, entry.name);
    const isParent = [...wanted.keys()].some((file) => file.startsWith(`${name}${path.sep}`));
    if (entry.isDirectory() && isParent) await removeOthers(work, name, wanted);
    else if (!wanted.has(name)) await rm(path.join(work, name), { recursive: true });
  }
}

/**
 * What decides whether `terraform init` has to run: the HCL, the backend, and the program itself.
 * @param program path and version of Terraform, and its CLI configuration.
 */
export async function initFingerprint(paths: EnvironmentPaths, program: readonly string[]): Promise<string> {
  const files = [...(await hclFiles(paths.work)), BACKEND_FILE];
  const parts = await Promise.all(
    files.map(async (file) => `${file} ${await digest(path.join(paths.work, file))}`),
  );
  return hash([...program, ...parts].join("\n"));
}

/** Whether an earlier `init` of the same fingerprint left its data. */
export async function isInitialised(paths: EnvironmentPaths, fingerprint: string): Promise<boolean> {
  const recorded = await readFile(fingerprintFile(paths), "utf8").catch(absent);
  return (
    recorded === fingerprint && (await stat(path.join(paths.work, ".terraform")).catch(absent)) !== undefined
  );
}

export async function recordInit(paths: EnvironmentPaths, fingerprint: string): Promise<void> {
  await writeFile(fingerprintFile(paths), fingerprint, { mode: 0o600 });
}

export async function forgetInit(paths: EnvironmentPaths): Promise<void> {
  await rm(fingerprintFile(paths), { force: true });
}

function fingerprintFile(paths: EnvironmentPaths): string {
  return path.join(paths.work, ".terraform", "edp-init");
}

async function digest(file: string): Promise<string | undefined> {
  const bytes = await readFile(file).catch(absent);
  return bytes && hash(bytes);
}

function hash(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}
