import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import pg from "pg";
import { isAlive } from "../process-alive.ts";
import type { Binaries } from "./binaries.ts";
import type { ServerUser } from "./server-user.ts";

/** Milliseconds that a server may take until it answers. */
const START_TIMEOUT_MS = 60_000;
/** Milliseconds that it may take to end before it is killed. */
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 20;
/** The user that owns everything. */
export const SUPERUSER = "edp";

/**
 * Runs the server and ends it when its parent is gone: the pipe on stdin closes with the parent, however that ended.
 * Background jobs of a shell have no stdin of their own, hence the descriptor 3.
 */
const WATCHED = [
  "exec 3<&0",
  '"$@" </dev/null 3<&- & server=$!',
  "{ read -r _ <&3; kill -INT $server; } & watcher=$!",
  "exec 3<&-",
  "wait $server; code=$?",
  "kill $watcher 2>/dev/null",
  "exit $code",
].join("\n");

export interface ServerOptions {
  binaries: Binaries;
  /** Holds the server's files, and nothing else. */
  directory: string;
  port: number;
  password: string;
  /** The user that it runs as, where it is not edp's own. */
  user: ServerUser | undefined;
  /** Settings beside those of every local server. */
  settings?: Readonly<Record<string, string>>;
  log(line: string): void;
}

/** A PostgreSQL server of our own on 127.0.0.1, as a child process that ends with this one. */
export class PostgresServer {
  #child: ChildProcess | undefined;

  private constructor(private readonly options: ServerOptions) {}

  /**
   * Starts the server, on files that are made at the first time. One that outlived its engine is ended first.
   * @throws Error with what the server's log says
   */
  static async start(options: ServerOptions): Promise<PostgresServer> {
    const server = new PostgresServer(options);
    await server.#endPredecessor();
    await server.#initialise();
    await server.#launch();
    return server;
  }

  get alive(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Creates a database unless it is there. */
  async ensureDatabase(name: string): Promise<void> {
    await this.#connected("postgres", async (client) => {
      const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
      if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
    });
  }

  /** Deletes a database and ends what works on it. */
  async dropDatabase(name: string): Promise<void> {
    await this.#connected("postgres", async (client) => {
      await client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
    });
  }

  /** Ends the server: what runs is broken off, what was committed is kept. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || !this.alive) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.stdin?.end();
    const timer = setTimeout(() => void this.#signalServer("SIGQUIT"), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  get #data(): string {
    return path.join(this.options.directory, "cluster");
  }

  async #initialise(): Promise<void> {
    const { binaries, directory, password, user } = this.options;
    if (await readFile(path.join(this.#data, "PG_VERSION")).catch(() => undefined)) return;
    await rm(this.#data, { recursive: true, force: true });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const passwordFile = path.join(directory, `password-${randomBytes(4).toString("hex")}`);
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (user) for (const file of [directory, passwordFile]) await chown(file, user.uid, user.gid);
    try {
      const args = ["--pgdata", this.#data, "--username", SUPERUSER, "--pwfile", passwordFile];
      const settings = ["--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync"];
      await this.#run(path.join(binaries.directory, "initdb"), [...args, ...settings]);
    } catch (error) {
      await rm(this.#data, { recursive: true, force: true });
      throw error;
    } finally {
      await rm(passwordFile, { force: true });
    }
  }

  async #launch(): Promise<void> {
    const { binaries, port, log } = this.options;
    const settings: Record<string, string> = {
      port: String(port),
      listen_addresses: "127.0.0.1",
      // TCP only: a socket's path may be too long for the system, and everybody may look for it.
      unix_socket_directories: "",
      max_connections: "50",
      shared_buffers: "64MB",
      maintenance_work_mem: "256MB",
      max_wal_size: "4GB",
      timezone: "UTC",
      log_min_messages: "warning",
      ...this.options.settings,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const child = spawn(
      "/bin/sh",
      ["-c", WATCHED, "sh", path.join(binaries.directory, "postgres"), "-D", this.#data, ...flags],
      {
        ...this.#processOptions(),
        stdio: ["pipe", "ignore", "pipe"],
        // A process group of its own: Ctrl-C at the engine doesn't reach it, the engine's end does.
        detached: true,
      },
    );
    this.#child = child;
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-4_000);
      for (const line of chunk.toString("utf8").split("\n")) {
        // While it starts it refuses our own questions whether it is up.
        if (/FATAL|PANIC/.test(line) && !/is starting up/.test(line)) log(`postgres: ${line}`);
      }
    });
    child.stdin?.on("error", () => undefined);
    let failure: Error | undefined;
    child.once("error", (error) => {
      failure = error;
    });
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      if (failure) throw failure;
      if (!this.alive) throw new Error(`PostgreSQL ended at its start: ${lastLines(said)}`);
      if (await this.#answers()) return;
      if (Date.now() > deadline) {
        await this.stop();
        throw new Error(`PostgreSQL did not answer within ${START_TIMEOUT_MS / 1000} s: ${lastLines(said)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #answers(port = this.options.port): Promise<boolean> {
    try {
      await this.#connected("postgres", (client) => client.query("select 1"), port);
      return true;
    } catch {
      // Not yet.
      return false;
    }
  }

  async #connected<T>(
    database: string,
    work: (client: pg.Client) => Promise<T>,
    port = this.options.port,
  ): Promise<T> {
    const { password } = this.options;
    const client = new pg.Client({
      host: "127.0.0.1",
      port,
      user: SUPERUSER,
      password,
      database,
      connectionTimeoutMillis: 5_000,
    });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** A server whose engine was killed together with the shell that watched it still holds the files. */
  async #endPredecessor(): Promise<void> {
    const recorded = await this.#recorded();
    if (!recorded || !isAlive(recorded.pid)) return;
    const { pid, port } = recorded;
    // The number may be another process's by now. What answers to our password on the recorded port is our server.
    if (!(await this.#answers(port))) return;
    await this.#signalServer("SIGINT");
    const deadline = Date.now() + STOP_TIMEOUT_MS;
    while (isAlive(pid) && (await this.#recorded())?.pid === pid && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** What the server has written into postmaster.pid: https://www.postgresql.org/docs/current/storage-file-layout.html */
  async #recorded(): Promise<{ pid: number; port: number } | undefined> {
    const text = await readFile(path.join(this.#data, "postmaster.pid"), "utf8").catch(() => "");
    const [pid, , , port] = text.split("\n").map(Number);
    return pid && port ? { pid, port } : undefined;
  }

  async #signalServer(signal: NodeJS.Signals): Promise<void> {
    const { pid } = (await this.#recorded()) ?? {};
    if (pid === undefined) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  #run(program: string, args: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, { ...this.#processOptions(), stdio: ["ignore", "ignore", "pipe"] });
      let said = "";
      child.stderr?.on("data", (chunk: Buffer) => {
        said = (said + chunk.toString("utf8")).slice(-4_000);
      });
      child.once("error", reject);
      child.once("close", (code) => {
        if (code === 0) resolve();
        else reject(new Error(`${path.basename(program)} ended with ${code}: ${lastLines(said)}`));
      });
    });
  }

  #processOptions() {
    const { directory, user } = this.options;
    return {
      cwd: directory,
      env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" },
      ...(user ? { uid: user.uid, gid: user.gid } : {}),
    };
  }
}

/** A free port of 127.0.0.1; the wanted one where that is free. */
export async function freePort(wanted: number): Promise<number> {
  return (await bind(wanted)) ?? (await bind(0)) ?? 0;
}

function bind(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : undefined));
    });
  });
}

const lastLines = (text: string): string =>
  text.trim().split("\n").slice(-3).join(" | ") || "it said nothing";
