// What `edp deploy` takes with the real AWS provider against moto, beside the same pipeline wired naively. Both
// applies are timed by Terraform's own stream, in one run on one machine.
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const EDP = path.join(ROOT, "bin", "edp.js");
/** Two of the provider's queue waits in a row, 25 s each, and what else a pipeline takes. */
const MAX_APPLY_SECONDS = 75;
const START_SECONDS = 60;

/**
 * Needs terraform, its AWS provider (TF_CLI_CONFIG_FILE where the registry can't be reached) and moto_server.
 * @returns {Promise<{ name: string, value: number, unit: string, limit?: number }[]>}
 */
export async function terraform(directory) {
  const missing = ["terraform", "moto_server"].filter((tool) => spawnSync(tool, ["--help"]).error);
  if (missing.length > 0) {
    process.stderr.write(`terraform: skipped, ${missing.join(" and ")} not on the PATH\n`);
    return [];
  }
  const moto = await startMoto();
  try {
    const env = {
      ...process.env,
      AWS_ENDPOINT_URL: moto.endpoint,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      CHECKPOINT_DISABLE: "1",
    };
    const project = path.join(directory, "terraform-edp");
    mkdirSync(project);
    const edp = (...args) => run(process.execPath, [EDP, ...args, "--env", "bench", "--json"], project, env);
    const deploy = JSON.parse(edp("deploy", "spotify", "--yes"));
    const applied = streamSeconds(path.join(project, ".edp", "bench", "logs", "apply.jsonl"));
    const again = JSON.parse(edp("deploy", "--plan-only"));
    const naive = applyNaively(path.join(directory, "terraform-naive"), project, moto.endpoint, env);
    const destroy = JSON.parse(edp("destroy", "--yes"));
    return [
      {
        name: `terraform: edp deploy, ${deploy.changes.length} resources, apply`,
        value: applied,
        unit: "s",
        limit: MAX_APPLY_SECONDS,
      },
      { name: "terraform: the same chain wired naively, apply", value: naive, unit: "s" },
      { name: "terraform: edp deploy, build and plan included", value: deploy.seconds, unit: "s" },
      {
        name: `terraform: second plan (${again.changes.length} changes that moto forgets)`,
        value: again.seconds,
        unit: "s",
      },
      {
        name: `terraform: edp destroy, ${destroy.leftovers.length} things left`,
        value: destroy.seconds,
        unit: "s",
      },
    ];
  } finally {
    moto.stop();
  }
}

function applyNaively(work, project, endpoint, env) {
  mkdirSync(work);
  copyFileSync(path.join(ROOT, "bench", "naive.tf"), path.join(work, "main.tf"));
  run("terraform", ["init", "-input=false"], work, env);
  const zip = path.join(project, ".edp", "build", "spotify-to-parquet.zip");
  const vars = [`-var=endpoint_url=${endpoint}`, `-var=zip=${zip}`];
  run("terraform", ["plan", "-input=false", "-out=naive.tfplan", ...vars], work, env);
  const started = performance.now();
  run("terraform", ["apply", "-json", "naive.tfplan"], work, env);
  return (performance.now() - started) / 1000;
}

/** Seconds from the first to the last line of one of Terraform's JSON streams. */
function streamSeconds(file) {
  const times = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => Date.parse(JSON.parse(line)["@timestamp"]));
  return (Math.max(...times) - Math.min(...times)) / 1000;
}

function run(command, args, cwd, env) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
    maxBuffer: 64e6,
  });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${stderr}\n${stdout.slice(-2_000)}`);
}

async function startMoto() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn("moto_server", ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  for (let tries = 0; tries < START_SECONDS * 5; tries++) {
    const answers = await fetch(`${endpoint}/moto-api/data.json`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) return { endpoint, stop: () => child.kill() };
    await wait(200);
  }
  child.kill();
  throw new Error(`moto_server did not answer within ${START_SECONDS} s`);
}
