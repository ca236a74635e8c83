import { statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { bundle, CONVERSION } from "./bundles.mjs";
import { duckdbColumns } from "./duckdb-columns.mjs";
import { alternate, measure, median } from "./processes.mjs";
import { tracks, trackTexts } from "./sample-data.mjs";

const REPEATS = 7;
const script = (name) => fileURLToPath(new URL(name, import.meta.url));

/** JSON -> Parquet against DuckDB on the same files in the same run, whole processes, CPU of all threads. */
export async function parquet(directory) {
  const lambda = await bundle(directory, "conversion", CONVERSION);
  const { bestCodec, datasetOf } = await import(lambda);
  const columns = duckdbColumns(datasetOf("raw/tracks/x.json").fields);
  const large = path.join(directory, "tracks.ndjson");
  writeFileSync(large, [...trackTexts(20e6, 1)].map((text) => `${text}\n`).join(""));
  const small = [];
  for (const track of tracks(2)) {
    if (small.length === 300) break;
    const file = path.join(directory, `track-${small.length}.json`);
    writeFileSync(file, JSON.stringify(track));
    small.push(file);
  }
  const codec = bestCodec().name;
  return [...compare("20 MB of NDJSON", 2, [large]), ...compare("300 files of 3 KB", 0.6, small)];

  function compare(what, limit, files) {
    const [edp, duckdb] = alternate(REPEATS, [
      () => measure(script("edp-convert.mjs"), lambda, path.join(directory, "edp.parquet"), ...files),
      () =>
        measure(
          script("duckdb-convert.mjs"),
          codec,
          path.join(directory, "duckdb.parquet"),
          columns,
          ...files,
        ),
    ]);
    const of = (results, figure) => median(results.map((result) => result[figure]));
    const megabytes = files.reduce((sum, file) => sum + statSync(file).size, 0) / 1e6;
    const figure = (name, value, unit = "") => ({ name: `${what}: ${name}`, value, unit });
    return [
      figure(`${codec}, throughput without start`, megabytes / of(edp, "workSeconds"), "MB/s"),
      figure("CPU", of(edp, "cpuSeconds"), "s"),
      figure("CPU of DuckDB", of(duckdb, "cpuSeconds"), "s"),
      figure("CPU without process start", of(edp, "workSeconds"), "s"),
      figure("CPU of DuckDB without process start", of(duckdb, "workSeconds"), "s"),
      figure("peak memory", of(edp, "peakMb"), "MB"),
      figure("peak memory of DuckDB", of(duckdb, "peakMb"), "MB"),
      { ...figure("CPU / DuckDB's", of(edp, "cpuSeconds") / of(duckdb, "cpuSeconds"), "x"), limit },
    ];
  }
}
