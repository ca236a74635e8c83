import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { PACKAGE_ROOT } from "../../package-root.ts";
import { failRest, handleRest, type Route } from "../http/rest-json.ts";
import {
  AwsError,
  type EngineParts,
  type Service,
  type ServiceRequest,
  type ServiceResponse,
} from "../service.ts";
import { functionRoutes } from "./api/function-routes.ts";
import { type KnownMapping, mappingRoutes } from "./api/mapping-routes.ts";
import { AsynchronousInvocations } from "./asynchronous-invocations.ts";
import { pruneBundles, unpackBundle } from "./bundle.ts";
import { EnvironmentPool } from "./environment-pool.ts";
import { type FunctionDeclaration, functionArn, functionName, functionVersion } from "./function.ts";
import { type InvocationOutcome, invokeFunction } from "./invocation.ts";
import { MappingStore, mappingUuid } from "./mapping-store.ts";
import { type MappingSettings, QueueMapping } from "./queue-mapping.ts";
import type { QueuePort } from "./queue-port.ts";
import type { LogsSink, MetricsSink } from "./sinks.ts";

/** Days that a function's logs are kept. */
const LOG_RETENTION_DAYS = 30;
const REST = { name: "lambda", made: "functions are deployed" };
/**
 * Synchronous invocations of one function that run or wait for an environment; AWS has 1,000 of all functions:
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MAX_CONCURRENT = 1_000;
/** How long the end of the engine waits for running invocations, in milliseconds. */
const CLOSE_GRACE_MS = 1_000;

export interface LambdaDependencies {
  sqs: QueuePort;
  logs: LogsSink;
  metrics: MetricsSink;
  /** Path of the built worker; by default the one in dist/. */
  workerPath?: string;
}

/** Opens Lambda on the engine's data directory. Functions and mappings come with the first deployment. */
export async function createLambda(parts: EngineParts, deps: LambdaDependencies): Promise<LambdaService> {
  const directory = path.join(parts.dataDirectory, "lambda");
  const mappings = await MappingStore.open(directory);
  return LambdaService.open(parts, deps, directory, mappings);
}

/** Lambda and its SQS event source mappings. */
export class LambdaService implements Service {
  #pools = new Map<string, EnvironmentPool>();
  #mappings = new Map<string, KnownMapping>();
  #asynchronous: AsynchronousInvocations | undefined;

  private constructor(
    private readonly parts: EngineParts,
    private readonly deps: LambdaDependencies,
    private readonly directory: string,
    private readonly store: MappingStore,
  ) {}

  /** Use createLambda. */
  static async open(
    parts: EngineParts,
    deps: LambdaDependencies,
    directory: string,
    store: MappingStore,
  ): Promise<LambdaService> {
    const service = new LambdaService(parts, deps, directory, store);
    service.#asynchronous = await AsynchronousInvocations.open({
      engine: parts,
      invoke: ({ id, functionName, payload, traceHeader }) =>
        service.#invoke(functionName, { payload, requestId: id, traceHeader }),
      dlqArn: (name) => {
        const pool = service.#pools.get(name);
        return pool ? pool.version.declaration.dlqArn : null;
      },
    });
    return service;
  }

  /**
   * Creates or updates a function. Running invocations finish on the code they began with.
   * @throws AwsError InvalidParameterValueException when the zip cannot be read.
   */
  async deployFunction(declaration: FunctionDeclaration): Promise<void> {
    const { name } = declaration;
    const directory = path.join(this.directory, name);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const bundle = await unpackBundle(declaration.zip, directory);
    const version = functionVersion(declaration, bundle, this.parts.clock.now());
    await this.deps.logs.createGroup(version.logGroup, LOG_RETENTION_DAYS);
    const pool = this.#pools.get(name);
    if (pool) pool.swap(version);
    else this.#pools.set(name, new EnvironmentPool(version, () => this.#environmentParts()));
    await pruneBundles(directory, new Set([bundle.sha256, ...(pool?.bundlesInUse ?? [])]));
    this.#asynchronous?.resume(name);
  }

  /** Ends a function's mappings and environments and deletes its code. Nothing happens where it doesn't exist. */
  async removeFunction(name: string): Promise<void> {
    for (const [uuid, { mapping }] of [...this.#mappings]) {
      if (mapping.settings.functionName === name) await this.#endMapping(uuid, mapping);
    }
    await this.#asynchronous?.drop(name);
    const pool = this.#pools.get(name);
    this.#pools.delete(name);
    await pool?.close();
    await rm(path.join(this.directory, name), { recursive: true, force: true });
  }

  /** Creates or updates an SQS event source mapping. @throws AwsError ResourceNotFoundException without the function. */
  async mapQueue(declared: Omit<MappingSettings, "enabled"> & { uuid?: string }): Promise<void> {
    const { uuid: given, ...rest } = declared;
    this.#pool(rest.functionName);
    const uuid = given ?? mappingUuid(rest.functionName, rest.queueArn);
    const now = this.parts.clock.now();
    const { settings, lastModified } = await this.store.declare(uuid, { ...rest, enabled: true }, now);
    const known = this.#mappings.get(uuid);
    if (known) known.mapping.update(settings);
    const mapping = known?.mapping ?? new QueueMapping(uuid, settings, this.#mappingParts());
    this.#mappings.set(uuid, { mapping, lastModified });
  }

  /** Ends the event source mappings between a queue and a function once their invocations are over; none is no error. */
  async unmapQueue(name: string, queueArn: string): Promise<void> {
    for (const [uuid, { mapping }] of [...this.#mappings]) {
      const { settings } = mapping;
      if (settings.functionName === name && settings.queueArn === queueArn) {
        await this.#endMapping(uuid, mapping);
      }
    }
  }

  /**
   * Synchronous invocation. More at a time than there are environments wait for one.
   * @throws AwsError ResourceNotFoundException without the function, TooManyRequestsException when too many wait
   */
  async invoke(name: string, payload: string, traceHeader?: string): Promise<InvocationOutcome> {
    const pool = this.#pool(name);
    if (pool.busy + pool.waiting >= MAX_CONCURRENT) {
      const now = this.parts.clock.now();
      this.deps.metrics.record("AWS/Lambda", "Throttles", { FunctionName: name }, 1, now);
      throw new AwsError("TooManyRequestsException", "Rate Exceeded.", 429, {
        Reason: "ConcurrentInvocationLimitExceeded",
      });
    }
    return this.#invoke(name, { payload, traceHeader });
  }

  /**
   * Asynchronous invocation, for the engine's own wiring: resolves once the event is stored.
   * @throws AwsError ResourceNotFoundException without the function.
   */
  async deliver(arn: string, payload: string, traceHeader?: string): Promise<void> {
    await this.#enqueue(functionName(arn), payload, traceHeader);
  }

  handle(request: ServiceRequest): Promise<ServiceResponse> {
    return handleRest(REST, this.#routes, request);
  }

  fail(error: AwsError): ServiceResponse {
    return failRest(error);
  }

  /** Lets running invocations finish for a moment, then ends every environment. */
  async close(): Promise<void> {
    const mappings = [...this.#mappings.values()].map(({ mapping }) => mapping.close());
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_GRACE_MS);
    });
    await Promise.race([Promise.all(mappings), grace]);
    clearTimeout(timer);
    await this.#asynchronous?.close();
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
    await Promise.all(mappings);
  }

  readonly #routes: readonly Route[] = [
    ...functionRoutes({
      all: () => [...this.#pools.values()].map((pool) => pool.version),
      get: (name) => this.#pool(name).version,
      invoke: (name, payload, traceHeader) => this.invoke(name, payload, traceHeader),
      enqueue: (name, payload, traceHeader) => this.#enqueue(name, payload, traceHeader),
    }),
    ...mappingRoutes({
      all: () => [...this.#mappings.values()],
      get: (uuid) => this.#mapping(uuid),
      change: async (uuid, changes) => {
        const known = this.#mapping(uuid);
        known.lastModified = this.parts.clock.now();
        await this.store.override(uuid, changes, known.lastModified);
        known.mapping.update(changes);
        return known;
      },
    }),
  ];

  async #endMapping(uuid: string, mapping: QueueMapping): Promise<void> {
    this.#mappings.delete(uuid);
    await mapping.close();
    await this.store.remove(uuid);
  }

  #pool(name: string): EnvironmentPool {
    const pool = this.#pools.get(name);
    if (pool) return pool;
    throw new AwsError("ResourceNotFoundException", `Function not found: ${functionArn(name)}`, 404);
  }

  #mapping(uuid: string) {
    const known = this.#mappings.get(uuid);
    if (known) return known;
    throw new AwsError("ResourceNotFoundException", `The event source mapping ${uuid} does not exist.`, 404);
  }

  async #enqueue(name: string, payload: string, traceHeader?: string): Promise<string> {
    this.#pool(name);
    if (!this.#asynchronous) throw new Error("Lambda is not open");
    return this.#asynchronous.accept(name, payload, traceHeader);
  }

  async #invoke(
    name: string,
    event: { payload: string; requestId?: string; traceHeader?: string },
  ): Promise<InvocationOutcome> {
    return invokeFunction(this.#pool(name), { clock: this.parts.clock, metrics: this.deps.metrics }, event);
  }

  #environmentParts() {
    const { clock, log } = this.parts;
    const workerPath = this.deps.workerPath ?? path.join(PACKAGE_ROOT, "dist", "lambda-worker.js");
    return { clock, log, logs: this.deps.logs, workerPath, endpoint: this.parts.endpoint() };
  }

  #mappingParts() {
    const { clock, log } = this.parts;
    return {
      clock,
      log,
      queues: this.deps.sqs,
      timeoutMs: (name: string) => (this.#pools.get(name)?.version.declaration.timeoutSeconds ?? 0) * 1000,
      invoke: (name: string, payload: string, traceHeader?: string) =>
        this.#invoke(name, { payload, traceHeader }),
      prewarm: (name: string) => this.#pools.get(name)?.prewarm(),
    };
  }
}
