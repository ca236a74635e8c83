import { fileURLToPath } from "node:url";
import { BATCH, bundle } from "./bundles.mjs";
import { measure } from "./processes.mjs";

const MEMORY_LIMIT_MB = 450;
const SCRIPT = fileURLToPath(new URL("batch-memory.mjs", import.meta.url));

/** Memory of one invocation over 1 GB of input: 500 objects of 2 MB, and objects so large that they are streamed. */
export async function memory(directory) {
  const batch = await bundle(directory, "batch", BATCH);
  const run = (what, objects, bytes) => {
    const { peakMb, seconds, inputMb, outputMb } = measure(SCRIPT, batch, String(objects), String(bytes));
    return [
      { name: `${what}: throughput`, value: inputMb / seconds, unit: "MB/s" },
      { name: `${what}: Parquet`, value: outputMb, unit: "MB" },
      { name: `${what}: peak memory`, value: peakMb, unit: "MB", limit: MEMORY_LIMIT_MB },
    ];
  };
  return [...run("1 GB in 500 objects", 500, 2e6), ...run("1 GB in 4 streamed objects", 4, 250e6)];
}
