import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createClients } from "../aws/clients.ts";
import { type Context, LOCAL_ENV } from "../context.ts";
import { EdpError, EXIT, InterruptedError } from "../errors.ts";
import { findEngine, localDeployment } from "../local/control.ts";
import { destroyLocal } from "../local/deploy.ts";
import * as stage from "./stage.ts";
import * as store from "./store.ts";

/** One step of the tour, told as it ends. */
export interface DemoStep {
  title: string;
  lines: string[];
  /** The step's figures, for `--json`. */
  figures: Record<string, unknown>;
  ok: boolean;
  seconds: number;
}

interface TourOptions {
  keep: boolean;
  tracks: number;
}

/** Plays the tour, a step at a time. The engine is stopped and its directory deleted at the end, also after Ctrl-C. */
export async function* tour(options: TourOptions, context: Context): AsyncGenerator<DemoStep> {
  const directory = options.keep ? context.directory : await mkdtemp(path.join(tmpdir(), "edp-demo-"));
  const silent = { ...context.terminal, json: false, quiet: true, note: () => {}, warn: () => {} };
  const inner: Context = {
    ...context,
    env: LOCAL_ENV,
    directory,
    terminal: { ...silent, progress: () => ({ update() {}, end() {} }), spin: (_label, work) => work() },
  };
  if (options.keep && (await findEngine(directory))) {
    throw new EdpError("ENGINE_RUNNING", EXIT.usage, "The local engine already runs in this directory.", {
      hint: "Leave --keep away to run the demo beside it, or stop it first: npx edp destroy",
    });
  }
  const step = async (title: string, work: () => Promise<stage.Told>): Promise<DemoStep> => {
    context.signal.throwIfAborted();
    const started = context.now();
    const told = await context.terminal.spin(title, work);
    return { title, ok: true, ...told, seconds: (context.now() - started) / 1000 };
  };
  try {
    yield await step("The local engine starts and the spotify pipeline is deployed to it", () =>
      stage.deploy(inner),
    );
    const deployment = await localDeployment(directory);
    const clients = createClients(deployment, inner);
    const set: stage.Stage = { context: inner, deployment, clients, runs: [] };
    try {
      yield await step("Generated Spotify objects land in bronze and become Parquet in staging", () =>
        stage.ingestSample(set, options.tracks),
      );
      yield await step("What the Parquet holds", () => stage.showParquet(set));
      yield await step("A poison object lands: it ends in the dead-letter queue, with its reason", () =>
        stage.poison(set),
      );
      yield await step("The dead letter is tried on this machine before it is replayed: it still fails", () =>
        stage.tryLocally(set),
      );
      yield await step("The object is corrected at its source and lands again", () => stage.correct(set));
      yield await step("The dead letter is tried again, replayed, and followed to its end", () =>
        stage.replayVerified(set),
      );
      yield await step("The tally closes: nothing was lost", () => stage.reconcile(set));
      yield await step("The fakestore pipeline comes beside it, and events are posted to its API", () =>
        store.postEvents(set),
      );
      yield await step("A bad event is refused at the door, with its place and the reason", () =>
        store.postBadEvent(set),
      );
      yield await step("What the lake holds", () => store.showLake(set));
    } finally {
      clients.close();
    }
    if (options.keep) {
      yield await step("The engine keeps running", async () => ({
        lines: ["npx edp status", "npx edp ingest spotify --sample 1000 --wait", "npx edp destroy"],
        figures: { endpoint: deployment.endpoint },
      }));
    } else {
      yield await step("The engine stops, and its data is deleted", async () => {
        await destroyLocal(inner, []);
        return {
          lines: ["Next: npx edp deploy, then npx edp ingest spotify --sample 1000 --wait"],
          figures: {},
        };
      });
    }
  } catch (error) {
    if (!context.signal.aborted) throw error;
    throw new InterruptedError(
      options.keep
        ? "The tour was interrupted; the engine keeps running."
        : "The tour was interrupted; the engine was stopped and its data deleted.",
    );
  } finally {
    if (!options.keep) {
      if (await findEngine(directory)) await destroyLocal(inner, []);
      await rm(directory, { recursive: true, force: true });
    }
  }
}
