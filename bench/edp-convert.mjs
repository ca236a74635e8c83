// Measured process: JSON files to one Parquet file with the Lambda's own code. Usage: <bundle> <out> <file...>
import { readFileSync, writeFileSync } from "node:fs";

const [bundle, out, ...files] = process.argv.slice(2);
const { datasetOf, ParquetFile, readRows, rowSchema } = await import(bundle);
const started = process.cpuUsage();
const dataset = datasetOf("raw/tracks/bench.json");
const chunks = [];
const parquet = new ParquetFile(rowSchema(dataset), (bytes) => chunks.push(bytes));
for (const file of files) {
  for (const row of readRows(readFileSync(file), dataset, { key: file, version: "1", eventTime: 0 })) {
    parquet.add(row);
  }
}
parquet.finish({});
writeFileSync(out, Buffer.concat(chunks));
const work = process.cpuUsage(started);
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
process.stdout.write(
  JSON.stringify({
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    workSeconds: (work.user + work.system) / 1e6,
    peakMb: maxRSS / 1024,
  }),
);
