import path from "node:path";
import type { BuiltFunction } from "../../build/build.ts";
import { readEvidence } from "../../dead-letters/cause.ts";
import type { Letter } from "../../dead-letters/letter.ts";
import { systemClock } from "../../local/clock.ts";
import { unpackBundle } from "../../local/lambda/bundle.ts";
import { EnvironmentPool } from "../../local/lambda/environment-pool.ts";
import { functionVersion } from "../../local/lambda/function.ts";
import { invokeFunction } from "../../local/lambda/invocation.ts";
import type { LeasedMessage } from "../../local/lambda/queue-port.ts";
import { batchOutcome, sqsRecord } from "../../local/lambda/sqs-event.ts";
import { LOCAL_ACCOUNT, LOCAL_REGION } from "../../local/service.ts";
import { PACKAGE_ROOT } from "../../package-root.ts";
import { functionEnvironment } from "../../topology/edges.ts";
import { queueTrigger } from "../../topology/from.ts";
import { reasonOf } from "../verify/watch.ts";
import { messageOf } from "./message.ts";
import type { Scratch } from "./scratch.ts";
import type { TriedFunction } from "./which-function.ts";

const NO_METRICS = { record() {} };
const VISIBILITY_MS = 30_000;

interface Prepared {
  pool: EnvironmentPool;
  /** ARN of the queue that feeds the function, as it stands in the event. */
  queueArn: string;
  /** ARNs of the dead-letter queues that the function can send to. */
  deadLetterArns: string[];
}

export interface LaneParts {
  scratch: Scratch;
  /** The bundle of a function as built now. */
  bundle(tried: TriedFunction): Promise<BuiltFunction>;
  log(line: string): void;
  now(): number;
}

/**
 * Tries letters one after the other, each in an invocation of its own, so that what the function does is known to be
 * about that letter. Lanes side by side have queues of their own.
 */
export class Lane {
  readonly #prepared = new Map<string, Promise<Prepared>>();
  #lines: string[] = [];

  constructor(
    private readonly name: string,
    private readonly parts: LaneParts,
  ) {}

  /** Runs a letter through a function. @returns why it failed, null when it passed */
  async try(letter: Letter, tried: TriedFunction): Promise<string | null> {
    const { pool, queueArn, deadLetterArns } = await this.#prepare(tried);
    const message = messageOf(letter, this.parts.now());
    this.#lines = [];
    const payload = JSON.stringify({ Records: [sqsRecord(message, queueArn)] });
    const outcome = await invokeFunction(pool, { clock: systemClock, metrics: NO_METRICS }, { payload });
    const dead = await this.#takeDeadLetters(deadLetterArns);
    if (outcome.fault) return `${outcome.fault.errorType}: ${outcome.fault.errorMessage}`;
    const [letterAgain] = dead;
    if (letterAgain) return causeOf(letterAgain);
    const { failed, reason } = batchOutcome(outcome.payload, [message]);
    return failed.length > 0
      ? (reason ?? this.#loggedReason() ?? "it would be tried again: no reason given")
      : null;
  }

  async close(): Promise<void> {
    for (const prepared of await Promise.allSettled(this.#prepared.values())) {
      if (prepared.status === "fulfilled") await prepared.value.pool.close();
    }
  }

  #prepare(tried: TriedFunction): Promise<Prepared> {
    const id = `${tried.pipeline}/${tried.function}`;
    let prepared = this.#prepared.get(id);
    if (!prepared) {
      prepared = this.#start(tried);
      this.#prepared.set(id, prepared);
    }
    return prepared;
  }

  async #start(tried: TriedFunction): Promise<Prepared> {
    const { scratch, bundle, log } = this.parts;
    const { deployed, function: key } = tried;
    const declared = deployed.topology.functions[key];
    if (!declared) throw new Error(`no function ${key} in pipeline ${tried.pipeline}`);
    const addresses = await scratch.addresses(deployed, this.name);
    const zip = (await bundle(tried)).path;
    const version = functionVersion(
      {
        name: deployed.addresses.functions[key]?.name ?? key,
        zip,
        handler: "index.handler",
        environment: functionEnvironment(deployed.topology, key, addresses),
        memoryMb: declared.memoryMb,
        timeoutSeconds: declared.timeoutSeconds,
      },
      await unpackBundle(zip, path.join(scratch.directory, `code-${this.name}`)),
      this.parts.now(),
    );
    const logs = {
      createGroup: async () => {},
      append: async (_group: string, _stream: string, events: { message: string }[]) => {
        for (const { message } of events) this.#lines.push(message);
      },
    };
    const workerPath = path.join(PACKAGE_ROOT, "dist", "lambda-worker.js");
    const environment = { clock: systemClock, logs, workerPath, endpoint: scratch.endpoint, log };
    return {
      pool: new EnvironmentPool(version, () => environment),
      queueArn: arnOf(addresses.queues[queueTrigger(declared)?.queue ?? ""]?.url ?? ""),
      deadLetterArns: Object.values(addresses.queues).map(({ dlqUrl }) => arnOf(dlqUrl)),
    };
  }

  async #takeDeadLetters(arns: readonly string[]): Promise<LeasedMessage[]> {
    const { sqs } = this.parts.scratch;
    const all: LeasedMessage[] = [];
    for (const arn of arns) {
      const messages = await sqs.poll(arn, { max: 10, visibilityMs: VISIBILITY_MS });
      await sqs.remove(
        arn,
        messages.map(({ receiptHandle }) => receiptHandle),
      );
      all.push(...messages);
    }
    return all;
  }

  /** The last warning or error that the function logged. */
  #loggedReason(): string | null {
    for (const text of this.#lines.toReversed()) {
      if (!text.startsWith("{")) continue;
      const { level, message, errorCode, path: at } = parseLine(text);
      if (!/^(WARN|ERROR|FATAL|CRITICAL)/i.test(level ?? "")) continue;
      return reasonOf({ errorCode: errorCode ?? null, path: at ?? null, message: message ?? null });
    }
    return null;
  }
}

interface LogLine {
  level?: string;
  message?: string;
  errorCode?: string;
  path?: string;
}

function parseLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    // Text that only looks like JSON.
    return {};
  }
}

function causeOf({ messageAttributes }: LeasedMessage): string {
  const attributes = Object.fromEntries(
    Object.entries(messageAttributes).map(([name, { DataType, StringValue }]) => [
      name,
      { DataType, StringValue },
    ]),
  );
  return reasonOf(readEvidence(attributes).cause) ?? "it was sent to the dead-letter queue: no cause given";
}

function arnOf(url: string): string {
  return `arn:aws:sqs:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${url.slice(url.lastIndexOf("/") + 1)}`;
}
