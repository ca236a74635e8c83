import { type BuildFailure, build, type Message, type Metafile } from "esbuild";
import { InvalidInputError } from "../errors.ts";
import type { FunctionSource } from "./discover.ts";
import { BUNDLING, NAME_FURTHER_UP } from "./recipe.ts";

export interface Bundle {
  content: Uint8Array;
  /** Every file it was made of, as a path from the root with `/`. */
  files: string[];
}

/**
 * Bundles Lambdas, each for itself but in one go: what they share is parsed once. The texts depend on the sources
 * only, not on where they lie or what else is bundled.
 * @returns one bundle for each source, in their order
 * @throws InvalidInputError of the first that doesn't compile, with every fault in its sources as file:line:column
 */
export async function bundleFunctions(root: string, sources: readonly FunctionSource[]): Promise<Bundle[]> {
  try {
    return await bundle(root, sources);
  } catch (error) {
    if (sources.length > 1) {
      // Whose fault it is shows alone.
      for (const source of sources) await bundleFunctions(root, [source]);
    }
    const { errors } = error as Partial<BuildFailure>;
    const [source] = sources;
    if (!source || !Array.isArray(errors) || errors.length === 0) throw error;
    throw new InvalidInputError(
      `The Lambda ${source.pipeline}/${source.function} does not compile:\n${errors.map(describe).join("\n")}`,
      { code: "BUILD_FAILED", cause: error, hint: "Correct the lines named above and build again." },
    );
  }
}

async function bundle(root: string, sources: readonly FunctionSource[]): Promise<Bundle[]> {
  const { outputFiles, metafile } = await build({
    ...BUNDLING,
    absWorkingDir: root,
    entryPoints: sources.map(({ handler }, index) => ({ in: handler, out: String(index) })),
    outdir: "bundles",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  return sources.map(({ handler }, index) => {
    const output = outputFiles[index];
    if (!output) throw new Error(`esbuild gave no output for ${handler}`);
    return { content: placeless(output.contents), files: filesOf(metafile, handler) };
  });
}

/** Also those of which nothing is left in the bundle: they had their say in that. */
function filesOf({ inputs }: Metafile, entry: string): string[] {
  const found = new Set([entry]);
  // A set is walked through to what was added on the way.
  for (const file of found) {
    for (const { path, external } of inputs[file]?.imports ?? []) if (!external) found.add(path);
  }
  return [...found];
}

function placeless(text: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(text).toString("utf8").replace(NAME_FURTHER_UP, '"node_modules/$1'));
}

function describe({ location, text }: Message): string {
  return location ? `  ${location.file}:${location.line}:${location.column + 1}: ${text}` : `  ${text}`;
}
