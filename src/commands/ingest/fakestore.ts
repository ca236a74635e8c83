import { InvalidArgumentError } from "commander";
import { defineCommand } from "../../command.ts";
import { UsageError } from "../../errors.ts";
import { ENTITY_TYPES, type EntityKind } from "../../ingest/fakestore/event.ts";
import type { EventsRequest } from "../../ingest/fakestore/run.ts";
import { type IngestResult, ingestExitCode, renderIngest } from "../../ingest/result.ts";

const KINDS = Object.keys(ENTITY_TYPES) as EntityKind[];
const DEFAULT_SAMPLE = 1_000;
const MAX_EVENTS = 100_000_000;
const MAX_RATE = 1_000_000;
const DEFAULT_BATCH = 100;
/** Events that the API takes in one request. */
const MAX_BATCH = 500;
const DEFAULT_CONCURRENCY = 8;
const MAX_CONCURRENCY = 256;
/** On AWS an event is in the lake after 90 s at the latest: 1.5 times the delivery's buffer. */
const DEFAULT_WAIT_SECONDS = 300;
const UNITS: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3_600 };

export default defineCommand<EventsRequest, IngestResult>({
  configure(command) {
    command
      .option("--what <kinds>", `entities of the Fake Store: ${KINDS.join(",")} (default: all of them)`)
      .option("--events <n>", "so many generated events of the store's visitors", integer(1, MAX_EVENTS))
      .option("--rate <n>", "events per second at most, e.g. 500/s (default: as fast as it goes)", rate)
      .option("--duration <time>", "generate events for so long, e.g. 30s, 5m", duration)
      .option("--from <file>", "events of a JSON or NDJSON file; with --what KIND, recorded entities")
      .option(
        "--sample [n]",
        `made-up entities and events, no network needed (default: ${DEFAULT_SAMPLE})`,
        integer(1, MAX_EVENTS),
      )
      .option(
        "--resume [run]",
        "send what a run has left: after a quota, Ctrl-C or a crash (default: the newest)",
      )
      .option("--seed <n>", "seed of what is made up (default: 1)", integer(0, Number.MAX_SAFE_INTEGER))
      .option(
        "--batch <n>",
        `events in a request, 1-${MAX_BATCH} (default: ${DEFAULT_BATCH})`,
        integer(1, MAX_BATCH),
      )
      .option(
        "--concurrency <n>",
        `requests at once (default: ${DEFAULT_CONCURRENCY})`,
        integer(1, MAX_CONCURRENCY),
      )
      .option(
        "--wait [seconds]",
        `wait until every accepted event is in the lake (default: ${DEFAULT_WAIT_SECONDS})`,
        integer(0, 86_400),
      )
      .option("--dry-run", "say what would be sent, send nothing; needs no environment")
      .addHelpText(
        "after",
        `
Examples:
  $ edp ingest fakestore --sample 1000 --wait                    made-up data, no network needed
  $ edp ingest fakestore                                         products, carts and users of fakestoreapi.com
  $ edp ingest fakestore --events 100000 --seed 7 --wait         visitors of that store: views, carts, purchases
  $ edp ingest fakestore --sample --rate 200/s --duration 30s    the same of a made-up store, at a steady rate
  $ edp ingest fakestore --from events.ndjson                    {"type":"user","eventId":"u-1","data":{...}} a line
  $ edp ingest fakestore --from carts.json --what carts          recorded entities
  $ edp ingest fakestore --resume                                the rest of the last run, with the same ids

An event keeps its id however often a request has to be repeated. Refused events go to a file beside the run's
manifest, with the reason. EDP_FAKESTORE_URL names another store, EDP_API_KEY another key than the pipeline's own.
Exit 4: the API key is refused; 6: something was refused or not sent, e.g. the quota
is used up; 7: the Fake Store or the API does not answer; 8: --wait found events missing.`,
      );
  },
  options: (_args, flags) => parseOptions(flags),
  async run(request, context) {
    const [{ ingestEvents }, { loadDeployment }] = await Promise.all([
      import("../../ingest/fakestore/ingest-events.ts"),
      import("../../topology/load-deployment.ts"),
    ]);
    return ingestEvents(context, request, request.dryRun ? null : await loadDeployment(context));
  },
  exitCode: ingestExitCode,
  render: (result, { terminal }) => renderIngest(result, terminal),
});

function parseOptions(flags: Record<string, unknown>): EventsRequest {
  const given = <T>(name: string) => (flags[name] ?? null) as T | null;
  const dryRun = flags.dryRun === true;
  const waitSeconds = flags.wait === true ? DEFAULT_WAIT_SECONDS : given<number>("wait");
  if (dryRun && waitSeconds !== null)
    throw new UsageError("--wait needs events in a pipeline: it does not go with --dry-run.");
  const request: EventsRequest = {
    input: parseInput(flags),
    seed: given<number>("seed") ?? 1,
    rate: given<number>("rate"),
    durationSeconds: given<number>("duration"),
    batch: given<number>("batch") ?? DEFAULT_BATCH,
    concurrency: given<number>("concurrency") ?? DEFAULT_CONCURRENCY,
    waitSeconds,
    dryRun,
  };
  const endless = request.input.kind === "site" && request.input.count === null;
  if (dryRun && endless && request.rate === null) {
    throw new UsageError(
      "How many events --duration gives is not known beforehand: --dry-run needs --rate or --events, too.",
    );
  }
  return request;
}

function parseInput(flags: Record<string, unknown>): EventsRequest["input"] {
  const { what, events, duration, from, sample, seed, resume } = flags;
  if (resume !== undefined) {
    const other = ["what", "events", "duration", "from", "sample", "seed"].find(
      (flag) => flags[flag] !== undefined,
    );
    if (other)
      throw new UsageError(`--resume goes on with what the run was told: it does not go with --${other}.`);
    return { kind: "resume", runId: resume === true ? null : String(resume) };
  }
  const kinds = what === undefined ? null : parseKinds(String(what));
  const generated = events !== undefined || duration !== undefined;
  if (from !== undefined) {
    const other = [
      generated && "--events or --duration",
      sample !== undefined && "--sample",
      seed !== undefined && "--seed",
    ];
    const wrong = other.find(Boolean);
    if (wrong) throw new UsageError(`--from reads what there is: it does not go with ${wrong}.`);
    const [kind, another] = kinds ?? [];
    if (another) throw new UsageError("--from with --what takes one kind: a file holds entities of one.");
    return { kind: "file", file: String(from), entityType: kind ? ENTITY_TYPES[kind] : null };
  }
  const offline = sample !== undefined;
  if (offline && sample !== true && (generated || kinds)) {
    throw new UsageError("--sample takes no number beside --events, --duration and --what.", {
      hint: "Say --sample --events N.",
    });
  }
  if (seed !== undefined && !generated && !offline)
    throw new UsageError("--seed only goes with made-up events.");
  if (generated)
    return { kind: "site", offline, what: kinds ?? [], count: events === undefined ? null : Number(events) };
  if (offline && !kinds) return { kind: "sample", count: sample === true ? DEFAULT_SAMPLE : Number(sample) };
  return { kind: "entities", offline, what: kinds ?? KINDS };
}

function parseKinds(text: string): EntityKind[] {
  const named = text.split(",").map((kind) => kind.trim());
  const unknown = named.filter((kind) => !KINDS.includes(kind as EntityKind));
  if (unknown.length > 0) {
    throw new UsageError(`--what does not know ${unknown.map((kind) => JSON.stringify(kind)).join(", ")}.`, {
      hint: `It takes ${KINDS.join(", ")}, separated by commas.`,
    });
  }
  return [...new Set(named)] as EntityKind[];
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

function rate(text: string): number {
  const value = Number(text.replace(/\/s$/, ""));
  if (!(value > 0 && value <= MAX_RATE))
    throw new InvalidArgumentError("It must be events per second, e.g. 500/s.");
  return value;
}

function duration(text: string): number {
  const [, value, unit = ""] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? [];
  const seconds = Number(value) * (UNITS[unit] ?? Number.NaN);
  if (!(seconds > 0)) throw new InvalidArgumentError("It must be a time such as 30s, 5m or 1h.");
  return seconds;
}
