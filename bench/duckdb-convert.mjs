// Measured process: the same with DuckDB, explicit columns and one thread. Usage: <codec> <out> <columns> <file...>
import { DuckDBInstance } from "@duckdb/node-api";

const [codec, out, columns, ...files] = process.argv.slice(2);
const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
const connection = await instance.connect();
const started = process.cpuUsage();
const list = files.map((file) => `'${file}'`).join();
await connection.run(`
  copy (select * from read_json([${list}], format = 'newline_delimited', columns = ${columns}))
  to '${out}' (format parquet, codec '${codec}', row_group_size 10000)`);
const work = process.cpuUsage(started);
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
process.stdout.write(
  JSON.stringify({
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    workSeconds: (work.user + work.system) / 1e6,
    peakMb: maxRSS / 1024,
  }),
);
