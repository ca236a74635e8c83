import path from "node:path";
import { type BuiltFunction, buildFunctions } from "../../build/build.ts";
import type { Letter } from "../../dead-letters/letter.ts";
import { UsageError } from "../../errors.ts";
import { MAX_ENVIRONMENTS } from "../../local/lambda/environment-pool.ts";
import { PACKAGE_ROOT } from "../../package-root.ts";
import type { DeployedPipeline } from "../../topology/deployment.ts";
import { checkDeployed } from "../../topology/select.ts";
import { Feed } from "../feed.ts";
import type { Trial, TryOptions } from "../types.ts";
import type { ReadRequest } from "./environment-reader.ts";
import { Lane } from "./lane.ts";
import { openScratch, type Scratch } from "./scratch.ts";
import { functionsFor, type TriedFunction } from "./which-function.ts";

/** Letters tried side by side. */
const LANES = Math.min(MAX_ENVIRONMENTS, 4);

export interface TryParts extends TryOptions {
  /** Package whose Lambdas are built; edp itself by default. */
  root?: string;
  /** Told of each request that goes to the environment. */
  onRead?: (request: ReadRequest) => void;
}

/**
 * Runs each letter through the function that would get it, bundled from the sources as they are now, in a process on
 * this machine. It reads the environment's objects through this process, which holds the credentials; whatever it writes
 * ends in a scratch place that is deleted afterwards. The environment sees GET and HEAD of S3 and nothing else.
 * @returns one trial for each letter, in the order in which they end
 * @throws UsageError where no pipeline is known (`--queue`); InvalidInputError BUILD_FAILED when the sources don't compile
 */
export async function* tryLocally(letters: AsyncIterable<Letter>, parts: TryParts): AsyncGenerator<Trial> {
  const iterator = letters[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const pipelines = chosenPipelines(parts);
  const log = (line: string) => parts.context.terminal.debug(`trial: ${line}`);
  const scratch = await openScratch({
    s3: await parts.clients.s3(),
    pipelines,
    log,
    ...(parts.onRead ? { onRead: parts.onRead } : {}),
  });
  const trials = new Feed<Trial>();
  const bundle = bundler(parts.root ?? PACKAGE_ROOT, scratch);
  const lanes = Array.from(
    { length: LANES },
    (_, index) => new Lane(`lane${index + 1}`, { scratch, bundle, log, now: parts.context.now }),
  );
  let given: Letter | undefined = first.value;
  const next = async (): Promise<Letter | undefined> => {
    const letter = given;
    given = undefined;
    if (letter) return letter;
    const following = await iterator.next();
    return following.done ? undefined : following.value;
  };
  const work = async (lane: Lane) => {
    for (let letter = await next(); letter; letter = await next()) {
      parts.context.signal.throwIfAborted();
      trials.push(await tryOne(letter, lane, pipelines));
    }
  };
  const running = Promise.all(lanes.map(work)).finally(() => trials.end());
  // Its failure is thrown below, once what was tried has been taken.
  running.catch(() => {});
  try {
    yield* trials;
    await running;
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
    await scratch.close();
  }
}

async function tryOne(letter: Letter, lane: Lane, pipelines: readonly DeployedPipeline[]): Promise<Trial> {
  const functions = functionsFor(letter, pipelines);
  if (functions.length === 0) {
    const known = pipelines.map(({ topology }) => topology.name).join(", ");
    return { letter, passed: false, reason: `not tried: no function of ${known} is known to read it` };
  }
  for (const tried of functions) {
    const reason = await lane.try(letter, tried);
    if (reason !== null) return { letter, passed: false, reason };
  }
  return { letter, passed: true, reason: null };
}

function chosenPipelines({ place: { deployment }, pipelines }: TryOptions): DeployedPipeline[] {
  if (!deployment) {
    throw new UsageError(
      "--try-local needs a deployed pipeline: edp does not know the function behind --queue.",
      {
        hint: "Name the pipeline instead: npx edp replay-dlq PIPELINE --try-local",
      },
    );
  }
  checkDeployed(deployment, pipelines);
  return Object.values(deployment.pipelines).filter(
    ({ topology }) => pipelines.length === 0 || pipelines.includes(topology.name),
  );
}

/** Builds each function once, into the scratch place: what is deployed keeps its own zip. */
function bundler(root: string, scratch: Scratch): (tried: TriedFunction) => Promise<BuiltFunction> {
  const built = new Map<string, Promise<BuiltFunction>>();
  return ({ pipeline, function: name }) => {
    const id = `${pipeline}/${name}`;
    let building = built.get(id);
    if (!building) {
      const outDir = path.join(scratch.directory, "build");
      building = buildFunctions({ root, outDir, only: [{ pipeline, function: name }], reuse: true }).then(
        ([one]) => {
          if (!one) throw new Error(`the build gave no ${id}`);
          return one;
        },
      );
      built.set(id, building);
    }
    return building;
  };
}
