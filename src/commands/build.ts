import path from "node:path";
import { type BuiltFunction, buildFunctions } from "../build/build.ts";
import { discoverFunctions } from "../build/discover.ts";
import { defineCommand } from "../command.ts";
import { UsageError } from "../errors.ts";
import { PACKAGE_ROOT } from "../package-root.ts";

interface Options {
  /** Pipelines whose functions are built; all when empty. */
  pipelines: readonly string[];
  out: string | undefined;
}

interface Result {
  functions: BuiltFunction[];
}

export default defineCommand<Options, Result>({
  configure(command) {
    command
      .argument("[pipeline...]", "pipelines whose Lambdas are built; all when none is named")
      .option("--out <dir>", "directory for the zips (default: .edp/build)")
      .addHelpText(
        "after",
        "\nExamples:\n  $ edp build\n  $ edp build spotify --json\n  $ edp build --out /tmp/zips",
      );
  },

  options(args, flags) {
    return { pipelines: args, out: typeof flags.out === "string" ? flags.out : undefined };
  },

  async run({ pipelines, out }, context) {
    const all = await discoverFunctions(PACKAGE_ROOT);
    const known = new Set(all.map(({ pipeline }) => pipeline));
    const unknown = pipelines.filter((name) => !known.has(name));
    if (unknown.length > 0) {
      throw new UsageError(`No Lambdas are known for ${unknown.join(", ")}.`, {
        hint: `Pipelines with Lambdas: ${[...known].join(", ")}`,
      });
    }
    const functions = await context.terminal.spin("Bundling Lambdas", () =>
      buildFunctions({
        root: PACKAGE_ROOT,
        outDir: path.resolve(context.directory, out ?? path.join(".edp", "build")),
        only: all.filter(({ pipeline }) => pipelines.length === 0 || pipelines.includes(pipeline)),
      }),
    );
    return { functions };
  },

  render({ functions }, { terminal }) {
    for (const { path: file, bytes, sha256 } of functions) {
      terminal.out(`${file}  ${(bytes / 1024).toFixed(0)} KB  sha256 ${sha256.slice(0, 12)}\n`);
    }
  },
});
