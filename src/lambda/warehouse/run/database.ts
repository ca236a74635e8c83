import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import pg from "pg";
import type { DatabaseAddress } from "./environment.ts";

/** Milliseconds until a connection must stand. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Milliseconds that a statement waits for what others hold. */
const LOCK_TIMEOUT_MS = 60_000;
/** How often the server looks whether this function still lives, while it works for it. */
const CLIENT_CHECK = "10s";
/** SQLSTATE of a password that is not (or no longer) right: it may have been rotated. */
const INVALID_PASSWORD = "28P01";

/** The database's secret in Secrets Manager. */
interface DatabaseSecret {
  username: string;
  password: string;
  /** `disable` for a server without TLS; by default it is verified, but on this machine. */
  sslmode?: string;
}

/** How a database can fail a run. All of these pass by themselves or can be mended, so the run is tried again. */
export const DATABASE_FAULTS = {
  DATABASE_DOWN: "the database can't be reached, or is starting or stopping",
  DATABASE_FULL: "the database has no disk space or no connection left",
  DATABASE_SLOW: "the database did not answer in time",
  DATABASE_DEADLOCK: "the transaction and another one waited for each other; nothing of it stays",
  CONNECTION_CUT: "the connection to the database was cut; nothing of the transaction stays",
  DATABASE_REFUSED: "the database refused the user or the password",
  DATABASE_ERROR: "the database refused a statement",
} as const;

export type DatabaseFaultCode = keyof typeof DATABASE_FAULTS;

/** A fault of the database, worded for who has to mend it. */
export class DatabaseFault extends Error {
  constructor(
    readonly code: DatabaseFaultCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "DatabaseFault";
  }
}

/** Opens connections to the warehouse with the secret's user; the secret is read once, and again when it is refused. */
export class Database {
  #secret: Promise<DatabaseSecret> | undefined;

  constructor(
    private readonly secrets: SecretsManagerClient,
    private readonly address: DatabaseAddress,
  ) {}

  /** Host and port, for messages. */
  get place(): string {
    return `${this.address.host}:${this.address.port}/${this.address.name}`;
  }

  /**
   * Runs work on a connection of its own and closes it.
   * @param timeoutMs longest time of one statement, in milliseconds
   * @throws DatabaseFault, or what the work throws
   */
  async connected<T>(timeoutMs: number, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await this.#connect(timeoutMs);
    let cut: Error | undefined;
    client.on("error", (error) => {
      cut ??= error;
    });
    try {
      return await work(client);
    } catch (error) {
      throw databaseFault(error, this.place, cut);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #connect(timeoutMs: number): Promise<pg.Client> {
    try {
      return await this.#connectWith(await this.#readSecret(), timeoutMs);
    } catch (error) {
      // The next attempt reads the secret anew: it may have been rotated, and locally reading it starts the server.
      this.#secret = undefined;
      if (sqlState(error) !== INVALID_PASSWORD) throw databaseFault(error, this.place);
    }
    try {
      return await this.#connectWith(await this.#readSecret(), timeoutMs);
    } catch (error) {
      throw databaseFault(error, this.place);
    }
  }

  async #connectWith(secret: DatabaseSecret, timeoutMs: number): Promise<pg.Client> {
    const { host, port, name } = this.address;
    const client = new pg.Client({
      host,
      port,
      database: name,
      user: secret.username,
      password: secret.password,
      ssl: (await isLoopback(host)) || secret.sslmode === "disable" ? false : { rejectUnauthorized: true },
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: timeoutMs,
      lock_timeout: Math.min(LOCK_TIMEOUT_MS, timeoutMs),
      keepAlive: true,
      application_name: "edp warehouse",
      types: { getTypeParser: asText },
    });
    // An error while connecting rejects; one between two statements must not end the process.
    client.on("error", () => undefined);
    await client.connect();
    await client
      .query("select set_config('client_connection_check_interval', $1, false)", [CLIENT_CHECK])
      // PostgreSQL knows it from 14 on, and on some platforms not at all.
      .catch((error: unknown) => {
        if (sqlState(error) === undefined) throw error;
      });
    return client;
  }

  #readSecret(): Promise<DatabaseSecret> {
    this.#secret ??= this.secrets
      .send(new GetSecretValueCommand({ SecretId: this.address.secretArn }))
      .then(({ SecretString = "{}" }) => JSON.parse(SecretString) as DatabaseSecret)
      .catch((error: Error) => {
        this.#secret = undefined;
        const what = `The secret of the database at ${this.place} can't be read`;
        throw new DatabaseFault("DATABASE_DOWN", `${what}: ${error.message}`, { cause: error });
      });
    return this.#secret;
  }
}

/** Values as PostgreSQL writes them: a date stays a date, whatever the time zone, and no number is rounded. */
function asText(): (value: string) => string {
  return (value) => value;
}

async function isLoopback(host: string): Promise<boolean> {
  const address = isIP(host) ? host : host === "localhost" ? (await lookup(host)).address : "";
  return address === "::1" || address.startsWith("127.");
}

/** SQLSTATE of an error that the server sent. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

const NETWORK = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
]);
const CUT = new Set(["ECONNRESET", "EPIPE"]);

/**
 * Words an error of pg. What is no fault of the database stays as it is.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function databaseFault(error: unknown, place: string, cut?: Error): unknown {
  if (!(error instanceof Error) || error instanceof DatabaseFault) return error;
  const fault = (code: DatabaseFaultCode, what: string) =>
    new DatabaseFault(code, `The database at ${place} ${what} (${error.message}).`, { cause: error });
  const state = sqlState(error);
  if (state !== undefined) {
    if (state === "57P01" || state === "57P02") return fault("CONNECTION_CUT", "ended the connection");
    if (state === "57P03") return fault("DATABASE_DOWN", "is starting or stopping");
    if (state === "57014" || state === "55P03") return fault("DATABASE_SLOW", "took too long");
    // A reader held one table and wanted another: the server ends either of them.
    if (state === "40P01")
      return fault("DATABASE_DEADLOCK", "broke the transaction off in favour of another");
    if (state.startsWith("53")) return fault("DATABASE_FULL", "has no room left");
    if (state.startsWith("28")) return fault("DATABASE_REFUSED", "refused the user of the secret");
    if (state.startsWith("08")) return fault("CONNECTION_CUT", "lost the connection");
    return fault("DATABASE_ERROR", "refused a statement");
  }
  const { code = "" } = error as NodeJS.ErrnoException;
  if (NETWORK.has(code)) return fault("DATABASE_DOWN", "can't be reached");
  if (code === "ETIMEDOUT" || /timeout expired|Query read timeout/i.test(error.message)) {
    return fault("DATABASE_SLOW", "did not answer in time");
  }
  const ended = /Connection terminated|Client has encountered a connection error|not queryable/i;
  if (cut || CUT.has(code) || ended.test(error.message))
    return fault("CONNECTION_CUT", "lost the connection");
  return error;
}
