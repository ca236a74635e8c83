import { availableParallelism } from "node:os";
import { AwsError } from "../service.ts";
import { type EnvironmentParts, ExecutionEnvironment } from "./execution-environment.ts";
import type { FunctionVersion } from "./function.ts";

/** How long an unused environment is kept warm, in milliseconds. */
const IDLE_MS = 5 * 60_000;

/** Most environments of one function: more than the cores would only slow each other down. */
export const MAX_ENVIRONMENTS = Math.max(2, availableParallelism());

/**
 * The execution environments of one function. Warm ones are used again; an unused one ends after a while;
 * a new version takes over at once, and environments of the old one end when their invocation does.
 */
export class EnvironmentPool {
  #version: FunctionVersion;
  #all = new Set<ExecutionEnvironment>();
  #idle = new Map<ExecutionEnvironment, { cancel: () => void }>();
  #waiting: { take: (environment: ExecutionEnvironment) => void; giveUp: (error: Error) => void }[] = [];
  #closed = false;

  constructor(
    version: FunctionVersion,
    private readonly parts: () => EnvironmentParts,
  ) {
    this.#version = version;
  }

  get version(): FunctionVersion {
    return this.#version;
  }

  /** Hashes of the bundles that environments still run. */
  get bundlesInUse(): string[] {
    return [...this.#all].map((environment) => environment.version.codeSha256);
  }

  /** Environments that run an invocation. */
  get busy(): number {
    return this.#all.size - this.#idle.size;
  }

  /** Callers that wait for an environment. */
  get waiting(): number {
    return this.#waiting.length;
  }

  swap(version: FunctionVersion): void {
    const changed = version.fingerprint !== this.#version.fingerprint;
    this.#version = version;
    if (changed) for (const environment of [...this.#idle.keys()]) this.#end(environment);
  }

  /**
   * An environment of the current version, for this caller alone until `release`. Waits when all are busy.
   * @throws AwsError ResourceNotFoundException when the function is removed, or the engine stops, meanwhile
   */
  acquire(): Promise<ExecutionEnvironment> {
    if (this.#closed) return Promise.reject(this.#gone());
    const warm = this.#takeIdle();
    if (warm) return Promise.resolve(warm);
    if (this.#all.size < MAX_ENVIRONMENTS) return Promise.resolve(this.#start());
    return new Promise((take, giveUp) => {
      this.#waiting.push({ take, giveUp });
    });
  }

  /** Starts an environment ahead of its first use, unless a warm one is free. */
  prewarm(): void {
    if (this.#closed || this.#idle.size > 0 || this.#all.size >= MAX_ENVIRONMENTS) return;
    this.#rest(this.#start());
  }

  /** Gives an environment back; one that ended or is of an old version makes room. */
  release(environment: ExecutionEnvironment): void {
    const current = environment.version.fingerprint === this.#version.fingerprint;
    if (!environment.alive || !current || this.#closed) this.#end(environment);
    else this.#rest(environment);
    const next = this.#waiting[0];
    if (!next || this.#closed) return;
    const free = this.#takeIdle() ?? (this.#all.size < MAX_ENVIRONMENTS ? this.#start() : undefined);
    if (!free) return;
    this.#waiting.shift();
    next.take(free);
  }

  /** Ends every environment, running ones too. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { giveUp } of this.#waiting.splice(0)) giveUp(this.#gone());
    const all = [...this.#all];
    for (const environment of all) this.#end(environment);
    await Promise.all(all.map((environment) => environment.ended));
  }

  #gone(): AwsError {
    const { arn } = this.#version;
    return new AwsError("ResourceNotFoundException", `Function not found: ${arn}`, 404);
  }

  #start(): ExecutionEnvironment {
    const environment = new ExecutionEnvironment(this.#version, this.parts());
    this.#all.add(environment);
    void environment.ended.then(() => {
      this.#idle.get(environment)?.cancel();
      this.#idle.delete(environment);
      this.#all.delete(environment);
    });
    return environment;
  }

  #takeIdle(): ExecutionEnvironment | undefined {
    for (const [environment, { cancel }] of this.#idle) {
      cancel();
      this.#idle.delete(environment);
      if (environment.alive) return environment;
    }
    return undefined;
  }

  #rest(environment: ExecutionEnvironment): void {
    const cancel = this.parts().clock.after(IDLE_MS, () => this.#end(environment));
    this.#idle.set(environment, { cancel });
  }

  #end(environment: ExecutionEnvironment): void {
    this.#idle.get(environment)?.cancel();
    this.#idle.delete(environment);
    this.#all.delete(environment);
    environment.kill();
  }
}
