import { type Clients, createClients } from "../aws/clients.ts";
import { userError } from "../aws/errors.ts";
import { queueDepth } from "../aws/queues.ts";
import type { Context } from "../context.ts";
import type { Letter } from "../dead-letters/letter.ts";
import { lookThrough } from "../dead-letters/look.ts";
import { EdpError, EXIT } from "../errors.ts";
import type { Deployment } from "../topology/deployment.ts";
import { type FoundLines, findInvocations, findLines } from "./log-lines.ts";
import { type DurableOutcome, readOutcome } from "./outcome.ts";
import { type Places, placesOf } from "./places.ts";
import { buildTrace } from "./steps.ts";
import type { Findings, FoundLetter, Trace, TraceResult } from "./types.ts";
import { listVersions, MOST_VERSIONS, type ObjectPut } from "./versions.ts";

/** Lines of an object's first attempt may carry a time this much before its put: clocks differ. */
const SKEW_MS = 60_000;
const RECEIVERS = { local: 8, aws: 16 };

export interface TraceOptions {
  /** A key (`s3://bucket/key` too), an EventBridge event's id, or an SQS message's id. */
  subject: string;
  pipelines: string[];
  /** Only this version of the key. */
  version: string | undefined;
  /** From when on logs are searched for an id, milliseconds since the epoch; a key is searched since its put. */
  since: number;
}

/**
 * Follows one object, event or message through a deployed environment: S3's versions, the functions' logs, the
 * dead-letter queues (without consuming), and the claims and outputs.
 * @throws EdpError NOTHING_FOUND (exit 8) where nobody knows the subject
 */
export async function trace(
  deployment: Deployment,
  options: TraceOptions,
  context: Context,
): Promise<TraceResult> {
  const clients = createClients(deployment, context);
  const notSeen: string[] = [];
  const { subject } = options;
  try {
    const traces: Trace[] = [];
    for (const places of concerned(placesOf(deployment, options.pipelines), subject)) {
      const tracer = new Tracer(clients, places, context, deployment.endpoint === null, notSeen);
      traces.push(...(await tracer.follow(subject, options)));
    }
    if (traces.length > 0) return { env: deployment.env, subject, traces, notSeen };
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof EdpError) throw error;
    throw userError(error, deployment.env) ?? error;
  } finally {
    clients.close();
  }
  const unseen = notSeen.length === 0 ? "" : ` Not seen: ${notSeen.join("; ")}.`;
  throw new EdpError(
    "NOTHING_FOUND",
    EXIT.checkFailed,
    `Nothing in ${deployment.env} knows ${JSON.stringify(subject)}: no object, no dead letter, and no log line since ${new Date(options.since).toISOString()}.${unseen}`,
    { hint: "Give the whole key, e.g. raw/tracks/1.json; --since 7d searches the logs further back." },
  );
}

class Tracer {
  constructor(
    private readonly clients: Clients,
    private readonly places: Places,
    private readonly context: Context,
    private readonly onAws: boolean,
    private readonly notSeen: string[],
  ) {}

  async follow(subject: string, options: TraceOptions): Promise<Trace[]> {
    const { bucket, key } = splitUrl(subject);
    const puts = await this.#puts(key, bucket);
    const oldest = puts.reduce(
      (first, { time }) => Math.min(first, Date.parse(time)),
      Number.POSITIVE_INFINITY,
    );
    const from = puts.length > 0 ? oldest - SKEW_MS : options.since;
    const about = await this.#about(key, from);
    if (puts.length > 0) return this.#traces({ places: this.places, puts, ...about }, options);
    return this.#traceNamed(key, about, from, options);
  }

  /** Follows what knows an id, or a key whose object is gone: the object versions that it names. */
  async #traceNamed(
    subject: string,
    about: Pick<Findings, "lines" | "letters">,
    from: number,
    options: TraceOptions,
  ): Promise<Trace[]> {
    const named = versionsOf({ puts: [], ...about });
    const traces: Trace[] = [];
    for (const key of new Set(named.map((version) => version.key))) {
      const all = key === subject ? about : await this.#about(key, from);
      const findings = { places: this.places, puts: await this.#puts(key), ...all };
      const wanted = new Set(named.filter((one) => one.key === key).map(({ version }) => version));
      const followed = await this.#traces(findings, options);
      traces.push(...followed.filter(({ version }) => version !== null && wanted.has(version)));
    }
    const { lines, letters } = about;
    if (traces.length === 0 && (letters.length > 0 || lines.faults.length > 0)) {
      traces.push(buildTrace({ places: this.places, puts: [], ...about }, undefined, undefined, new Map()));
    }
    return traces;
  }

  async #about(key: string, from: number) {
    const [lines, letters] = await Promise.all([this.#lines(key, from), this.#letters(key)]);
    return { lines, letters };
  }

  async #traces(findings: Findings, options: TraceOptions): Promise<Trace[]> {
    const versions = versionsOf(findings).filter(
      ({ version }) => options.version === undefined || version === options.version,
    );
    if (findings.puts.length > MOST_VERSIONS) {
      this.#note(`only the newest ${MOST_VERSIONS} versions of ${findings.puts[0]?.key} are shown`);
    }
    const requestIds = [...new Set(findings.lines.entries.map(({ requestId }) => requestId))];
    const from = findings.lines.entries.reduce(
      (first, { at }) => Math.min(first, at),
      Number.POSITIVE_INFINITY,
    );
    const invocations = Number.isFinite(from)
      ? await findInvocations(
          await this.clients.logs(),
          this.places.functions,
          requestIds,
          from - SKEW_MS,
          this.context.signal,
        )
      : new Map();
    const traces: Trace[] = [];
    for (const source of versions.slice(0, MOST_VERSIONS)) {
      const durable = source.bucket === "" ? undefined : await this.#durable(source);
      traces.push(buildTrace(findings, source, durable, invocations));
    }
    if (traces.some(({ outcome }) => outcome === "unknown")) await this.#noteWaiting();
    const throughTopic = traces.filter(({ steps }) => steps.some(({ kind }) => kind === "queue"));
    if (
      this.places.topics > 0 &&
      throughTopic.some(({ steps }) => !steps.some(({ kind }) => kind === "topic"))
    ) {
      this.#note("the SNS topic: only dead letters show what passed it");
    }
    return traces.reverse();
  }

  async #durable(source: {
    bucket: string;
    key: string;
    version: string;
  }): Promise<DurableOutcome | undefined> {
    const s3 = await this.clients.s3();
    for (const bucket of this.places.outputs) {
      const outcome = await readOutcome(s3, bucket, source);
      if (outcome) return outcome;
    }
    return undefined;
  }

  async #puts(key: string, bucket?: string): Promise<ObjectPut[]> {
    const s3 = await this.clients.s3();
    const buckets = bucket === undefined ? this.places.landing : [bucket];
    if (key === "" || Buffer.byteLength(key) > 1_024) return [];
    return (await Promise.all(buckets.map((one) => listVersions(s3, one, key)))).flat();
  }

  async #lines(term: string, from: number): Promise<FoundLines> {
    const { functions, pipeline } = this.places;
    try {
      return await findLines(await this.clients.logs(), functions, term, from, this.context.signal);
    } catch (error) {
      this.context.signal.throwIfAborted();
      if (!/AccessDenied/.test((error as Error).name)) throw error;
      this.#note(`the logs of ${pipeline}'s functions: ${(error as Error).message}`);
      return { entries: [], faults: [] };
    }
  }

  /** Dead letters that name the subject as key, event id or message id. */
  async #letters(subject: string): Promise<FoundLetter[]> {
    const sqs = await this.clients.sqs();
    const found: FoundLetter[] = [];
    for (const { name, url } of this.places.deadLetterQueues) {
      const depth = await queueDepth(sqs, url);
      if (!depth || depth.visible + depth.inFlight === 0) continue;
      if (depth.inFlight > 0) {
        this.#note(`${depth.inFlight} messages of ${name}, which others hold at the moment`);
      }
      for await (const letter of lookThrough(sqs, url, {
        parallel: this.onAws ? RECEIVERS.aws : RECEIVERS.local,
        waitSeconds: this.onAws ? 1 : 0,
        now: this.context.now,
        signal: this.context.signal,
      })) {
        if (isAbout(letter, subject)) found.push({ letter, queue: name });
      }
    }
    return found;
  }

  /** Where what nothing tells of may still be: queues can't be looked into, a receive would count. */
  async #noteWaiting(): Promise<void> {
    const sqs = await this.clients.sqs();
    for (const { name, url } of this.places.queues) {
      const depth = await queueDepth(sqs, url);
      const messages = (depth?.visible ?? 0) + (depth?.inFlight ?? 0) + (depth?.delayed ?? 0);
      const note = `${messages} messages of queue ${name}: they are not looked into, since a look counts as a receive`;
      if (messages > 0) this.#note(note);
    }
  }

  #note(sentence: string): void {
    if (!this.notSeen.includes(sentence)) this.notSeen.push(sentence);
  }
}

function isAbout(letter: Letter, subject: string): boolean {
  if (letter.messageId === subject || letter.eventId === subject) return true;
  return letter.objects.some(({ key }) => key === subject);
}

/** Every version that anything knows of, newest put first, those whose put is gone last. */
function versionsOf({
  puts,
  lines,
  letters,
}: Omit<Findings, "places">): { bucket: string; key: string; version: string }[] {
  const all = new Map<string, { bucket: string; key: string; version: string }>();
  const add = ({ bucket, key, version }: { bucket: string; key: string; version: string }) => {
    const id = `${key}\0${version}`;
    if (!all.has(id)) all.set(id, { bucket, key, version });
  };
  for (const put of puts) add(put);
  for (const entry of lines.entries) add(entry);
  for (const { key, version } of lines.faults) {
    if (key !== null && version !== null) add({ bucket: "", key, version });
  }
  for (const { letter } of letters) for (const object of letter.objects) add(object);
  return [...all.values()];
}

/** Of an object's URL only the pipelines that its bucket sets going; all where it is of none. */
function concerned(all: Places[], subject: string): Places[] {
  const { bucket } = splitUrl(subject);
  const owners = all.filter(({ landing }) => bucket !== undefined && landing.includes(bucket));
  return owners.length > 0 ? owners : all;
}

function splitUrl(subject: string): { bucket?: string; key: string } {
  const match = /^s3:\/\/([^/]+)\/(.+)$/s.exec(subject);
  return match?.[1] && match[2] ? { bucket: match[1], key: match[2] } : { key: subject };
}
