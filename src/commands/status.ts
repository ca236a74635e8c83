import type { EnvironmentStatus } from "../aws/status.ts";
import { defineCommand } from "../command.ts";
import { type Context, LOCAL_ENV } from "../context.ts";
import { EXIT, NotDeployedError, UsageError, WatchEndedError } from "../errors.ts";
import { driftText, statusText, watchText } from "../status/view.ts";
import type { WatchTick } from "../status/watch.ts";
import { counted, formatAge } from "../terminal/format.ts";
import type { Drift } from "../terraform/drift.ts";
import type { Deployment } from "../topology/deployment.ts";

interface Options {
  pipelines: string[];
  check: boolean;
  drift: boolean;
  showSecrets: boolean;
  /** Milliseconds between two looks of `--watch`; undefined looks once. */
  watchMs: number | undefined;
}

interface Result extends EnvironmentStatus {
  /** What was changed outside of edp since the last deploy; null without `--drift`. */
  drift: Drift[] | null;
  /** What `--check` found, one sentence each; empty where all is well. */
  problems: string[];
  /** Whether problems decide the exit code. */
  checked: boolean;
}

/** Seconds between two looks where `--interval` says nothing. */
const INTERVAL_SECONDS = "2";
const MIN_INTERVAL_SECONDS = 0.2;
/** Age of the oldest undelivered record from which a delivery is a problem, as for its alarm. */
const LATE_SECONDS = 15 * 60;

export default defineCommand<Options, Result | WatchTick>({
  configure(command) {
    command
      .argument("[pipeline...]", "pipelines to show (default: all that are deployed)")
      .option(
        "--check",
        "exit 8 when a dead-letter queue is not empty, or a function, an API or a delivery fails",
      )
      .option("--drift", "AWS: also look for what was changed outside of edp (runs terraform plan)")
      .option("--show-secrets", "also print the values of API keys")
      .option("-w, --watch", "look again and again, drawn in place; Ctrl-C ends it")
      .option("--interval <seconds>", "with --watch: seconds between two looks", INTERVAL_SECONDS)
      .addHelpText(
        "after",
        `
Examples:
  $ edp status                   every pipeline of the environment
  $ edp status spotify --json | jq '.pipelines.spotify.queues.landed.dlq.visible'
  $ edp status --check           for scripts and monitors
  $ edp status --env prod --drift --check     also exit 8 when somebody changed a resource by hand
  $ edp status fakestore --show-secrets --json | jq -r '.pipelines.fakestore.apis.store.apiKey'
  $ edp status --watch           a live table with the last 15 minutes
  $ edp status --watch --json --interval 10 >> status.ndjson

Unknown values are shown as - (null under --json), never as 0. On AWS, ages and invocations come from
CloudWatch and lag by some minutes.`,
      );
  },
  options(args, flags) {
    const check = flags.check === true;
    const drift = flags.drift === true;
    if (check && flags.watch) throw new UsageError("--check and --watch exclude each other.");
    if (drift && flags.watch) throw new UsageError("--drift and --watch exclude each other.");
    return {
      pipelines: [...args],
      check,
      drift,
      showSecrets: flags.showSecrets === true,
      watchMs: flags.watch ? milliseconds(flags.interval) : undefined,
    };
  },
  async run(options, context) {
    if (options.drift && context.env === LOCAL_ENV) {
      throw new UsageError(
        "--drift is for environments on AWS: the local engine is what it was told to be.",
        {
          hint: "Name an environment with --env.",
        },
      );
    }
    const [{ loadDeployment }, { collectStatus }, { checkDeployed }] = await Promise.all([
      import("../topology/load-deployment.ts"),
      import("../aws/status.ts"),
      import("../topology/select.ts"),
    ]);
    const loaded = await loadDeployment(context);
    checkDeployed(loaded, options.pipelines);
    const deployment = options.showSecrets ? await withSecrets(loaded, context) : loaded;
    if (options.watchMs !== undefined) return watch(deployment, context, options.pipelines, options.watchMs);
    const status = await collectStatus(deployment, context, options.pipelines);
    const drift = options.drift ? await findDrift(context, options.pipelines) : null;
    const problems = [...findProblems(status), ...driftProblems(drift ?? [])];
    return { ...status, drift, problems, checked: options.check };
  },
  exitCode: (result) =>
    "checked" in result && result.checked && result.problems.length > 0 ? EXIT.checkFailed : EXIT.done,
  render(result, { terminal }) {
    if ("history" in result) {
      const text = watchText(result, terminal);
      const screen = terminal.screen();
      if (screen) screen.draw(text);
      else terminal.out(`${text}\n`);
      return;
    }
    terminal.out(statusText(result, terminal));
    if (result.drift) terminal.out(driftText(result.drift, terminal));
    for (const note of result.notes) terminal.note(`! ${note}`);
    for (const problem of result.problems) terminal.warn(`${terminal.color.red("✖")} ${problem}`);
  },
});

function milliseconds(interval: unknown): number {
  const seconds = Number(interval);
  if (Number.isFinite(seconds) && seconds >= MIN_INTERVAL_SECONDS) return seconds * 1000;
  throw new UsageError(
    `--interval ${String(interval)} is not a number of seconds from ${MIN_INTERVAL_SECONDS} up.`,
  );
}

/** The looks of `--watch`. @throws WatchEndedError at Ctrl-C */
async function* watch(
  deployment: Deployment,
  context: Context,
  pipelines: readonly string[],
  intervalMs: number,
): AsyncGenerator<WatchTick> {
  const [{ watchStatus }, { systemPause }, { isConnectionError }, { userError }] = await Promise.all([
    import("../status/watch.ts"),
    import("../ingest/pause.ts"),
    import("../ingest/patience.ts"),
    import("../aws/errors.ts"),
  ]);
  try {
    yield* watchStatus(deployment, context, { pipelines, intervalMs, pause: systemPause });
  } catch (error) {
    if (context.signal.aborted) throw new WatchEndedError();
    if (!isConnectionError(error)) throw userError(error, deployment.env) ?? error;
    throw new NotDeployedError(`${deployment.endpoint ?? "AWS"} does not answer any more.`, {
      hint: "Check that the environment is up and the network is there, then run the command again.",
      cause: error,
    });
  } finally {
    context.terminal.screen()?.end();
  }
}

async function withSecrets(deployment: Deployment, context: Context): Promise<Deployment> {
  const { withApiKeys } = await import("../aws/rest-apis.ts");
  const { pipelines } = deployment;
  const books = Object.entries(pipelines).map(([name, { addresses }]) => [name, addresses] as const);
  const shown = await withApiKeys(deployment, Object.fromEntries(books), context);
  const entries = Object.entries(pipelines).map(([name, one]) => [
    name,
    { ...one, addresses: shown[name] ?? one.addresses },
  ]);
  return { ...deployment, pipelines: Object.fromEntries(entries) };
}

async function findDrift(context: Context, pipelines: readonly string[]): Promise<Drift[]> {
  return (await import("../terraform/find-drift.ts")).findDrift(context, pipelines);
}

function driftProblems(drift: readonly Drift[]): string[] {
  return [...new Set(drift.map(({ pipeline }) => pipeline))].map((pipeline) => {
    const count = drift.filter((one) => one.pipeline === pipeline).length;
    const things = count === 1 ? "1 resource was" : `${count} resources were`;
    return `${pipeline ?? "shared"}: ${things} changed outside of edp; the next deploy sets that right`;
  });
}

function findProblems(status: EnvironmentStatus): string[] {
  const problems: string[] = [];
  for (const [name, pipeline] of Object.entries(status.pipelines)) {
    for (const [key, queue] of Object.entries(pipeline.queues)) {
      if (queue.dlq.visible)
        problems.push(`${name}: ${counted(queue.dlq.visible, "dead letter")} of queue ${key}`);
    }
    if (pipeline.undelivered.visible)
      problems.push(`${name}: ${pipeline.undelivered.visible} undelivered events`);
    for (const [key, one] of Object.entries(pipeline.functions)) {
      if (one.errors) problems.push(`${name}: function ${key} failed ${one.errors} times in 24 h`);
    }
    for (const [key, { dataFreshnessSeconds: age }] of Object.entries(pipeline.deliveries)) {
      if (age !== null && age > LATE_SECONDS)
        problems.push(`${name}: delivery ${key} is ${formatAge(age)} behind`);
    }
    for (const [key, one] of Object.entries(pipeline.apis)) {
      if (one.errors5xx)
        problems.push(`${name}: API ${key} answered ${counted(one.errors5xx, "request")} with 5xx in 24 h`);
    }
  }
  return problems;
}
