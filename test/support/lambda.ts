import { writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { strToU8, zipSync } from "fflate";
import type { LogEvent, LogsSink, MetricsSink } from "../../src/local/lambda/sinks.ts";

const WORKER_SOURCE = fileURLToPath(new URL("../../src/local/lambda/worker.ts", import.meta.url));

/** Builds the Lambda worker alone into `directory`, so that a test needs nothing of dist/. */
export async function buildWorker(directory: string): Promise<string> {
  const outfile = path.join(directory, "lambda-worker.mjs");
  await build({ entryPoints: [WORKER_SOURCE], outfile, bundle: true, platform: "node", format: "esm" });
  return outfile;
}

/** Writes a bundle of the given files and returns the zip's path. */
export async function writeBundle(
  directory: string,
  files: Record<string, string>,
  name = "bundle",
): Promise<string> {
  const zip = path.join(directory, `${name}.zip`);
  const entries = Object.entries(files).map(([file, text]) => [file, strToU8(text)] as const);
  await writeFile(zip, zipSync(Object.fromEntries(entries)));
  return zip;
}

/** Keeps log events in memory, one list over all groups and streams. */
export function recordLogs(): LogsSink & { events: (LogEvent & { group: string; stream: string })[] } {
  const events: (LogEvent & { group: string; stream: string })[] = [];
  return {
    events,
    createGroup: async () => {},
    append: async (group, stream, added) => {
      for (const event of added) events.push({ ...event, group, stream });
    },
  };
}

/** Keeps the recorded values of each metric by `Namespace/Metric`. */
export function recordMetrics(): MetricsSink & { values: Record<string, number[]> } {
  const values: Record<string, number[]> = {};
  return {
    values,
    record: (namespace, metric, _dimensions, value) => {
      const key = `${namespace}/${metric}`;
      values[key] = [...(values[key] ?? []), value];
    },
  };
}
