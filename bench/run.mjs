// npm run bench [-- accept|api|parquet|memory|start|deploy|tail|replay|dynamodb|partner|warehouse|terraform ...]: measures what edp promises, and exits with 1 when a limit is broken.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { accept } from "./accept.mjs";
import { api } from "./api.mjs";
import { deploy } from "./deploy.mjs";
import { dynamodb } from "./dynamodb.mjs";
import { memory } from "./memory.mjs";
import { parquet } from "./parquet.mjs";
import { partner } from "./partner.mjs";
import { replay } from "./replay.mjs";
import { start } from "./start.mjs";
import { tail } from "./tail.mjs";
import { terraform } from "./terraform.mjs";
import { warehouse } from "./warehouse.mjs";

const benches = {
  accept,
  api,
  parquet,
  memory,
  start,
  deploy,
  tail,
  replay,
  dynamodb,
  partner,
  warehouse,
  terraform,
};
/** Run only when named: it takes some minutes. */
const slow = ["terraform"];
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0) {
  process.stderr.write(
    `No bench is called ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}.\n`,
  );
  process.exit(2);
}

const directory = mkdtempSync(path.join(tmpdir(), "edp-bench-"));
let broken = 0;
try {
  for (const [name, bench] of Object.entries(benches)) {
    if (wanted.length > 0 ? !wanted.includes(name) : slow.includes(name)) continue;
    for (const figure of await bench(directory)) print(figure);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
if (broken > 0) process.exitCode = 1;

function print({ name, value, unit, limit, least }) {
  const text = `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`;
  const kept = (limit === undefined || value <= limit) && (least === undefined || value >= least);
  if (!kept) broken++;
  const bound = limit === undefined ? (least === undefined ? "" : `at least ${least}`) : `at most ${limit}`;
  const verdict = bound === "" ? "" : `${bound} ${unit}${kept ? "" : "   BROKEN"}`;
  process.stdout.write(`${name.padEnd(62)}${text.padStart(12)}   ${verdict}\n`);
}
