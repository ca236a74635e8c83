import { cp, rename } from "node:fs/promises";
import path from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { type Clock, systemClock } from "../../src/local/clock.ts";
import { createS3, type S3Service } from "../../src/local/s3/service.ts";
import type { BusEvent, Delivery, Wiring } from "../../src/local/service.ts";
import { engineParts, serve, temporaryDirectory } from "./services.ts";

/** S3 on a free port, with a client and everything it told its receivers. */
export interface S3Fixture {
  service: S3Service;
  client: S3Client;
  endpoint: string;
  /** The engine's data directory. */
  directory: string;
  events: BusEvent[];
  deliveries: { arn: string; delivery: Delivery }[];
  /** Lines of the engine's log. */
  log: string[];
  /** Stops S3 and opens it anew on the same data, as after a crash when `killed` is set. */
  restart(options?: { killed: boolean }): Promise<void>;
  stop(): Promise<void>;
}

export async function startS3(options: { clock?: Clock; wiring?: Partial<Wiring> } = {}): Promise<S3Fixture> {
  const root = await temporaryDirectory();
  const events: BusEvent[] = [];
  const deliveries: { arn: string; delivery: Delivery }[] = [];
  const log: string[] = [];
  const clock = options.clock ?? systemClock;
  let life = 0;
  const open = async () => {
    const own = ++life;
    const directory = path.join(root.path, String(own));
    const service = await createS3(
      engineParts({
        // What an ended life still had planned never happens.
        clock: {
          now: clock.now.bind(clock),
          after: (ms, run) => clock.after(ms, () => own === life && run()),
        },
        dataDirectory: directory,
        log: (line) => log.push(line),
        wiring: {
          putEvent: async (event) => void events.push(event),
          deliver: async (arn, delivery) => void deliveries.push({ arn, delivery }),
          ...options.wiring,
        },
      }),
    );
    const server = await serve({ s3: service });
    return { service, server, directory, client: new S3Client(server.settings), endpoint: server.endpoint };
  };
  let current = await open();
  const end = async () => {
    current.client.destroy();
    await current.server.close();
    await current.service.close();
  };
  return {
    get service() {
      return current.service;
    },
    get client() {
      return current.client;
    },
    get endpoint() {
      return current.endpoint;
    },
    get directory() {
      return current.directory;
    },
    events,
    deliveries,
    log,
    restart: async ({ killed } = { killed: false }) => {
      const next = path.join(root.path, String(life + 1));
      // A killed engine leaves what is on the disk at that moment, and nothing that closing would still write.
      if (killed) await cp(current.directory, next, { recursive: true });
      await end();
      if (!killed) await rename(current.directory, next);
      current = await open();
    },
    stop: async () => {
      await end();
      await root.remove();
    },
  };
}
