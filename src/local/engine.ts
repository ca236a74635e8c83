import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Deployment } from "../topology/deployment.ts";
import { KINDS, type Pipeline } from "../topology/types.ts";
import { keepBundles } from "./bundles.ts";
import type { Clock } from "./clock.ts";
import { openServer } from "./http/server.ts";
import { addressBook } from "./provision/address-book.ts";
import { provision } from "./provision/provision.ts";
import { refuseLoss, unprovision } from "./provision/unprovision.ts";
import {
  AwsError,
  type EngineParts,
  LOCAL_ACCOUNT,
  LOCAL_REGION,
  type ServiceRequest,
  type ServiceResponse,
  type Wiring,
} from "./service.ts";
import { closeServices, createServices, type Services, type ServicesOptions } from "./services.ts";

/** What `edp deploy` sends to the engine: the pipelines to add or update, and the zips of their functions. */
export interface DeployRequest {
  project: string;
  pipelines: Pipeline[];
  /** Path of each function's zip by `<pipeline>-<function>`. */
  zips: Record<string, string>;
  /** Keep declared batch windows and visibility timeouts instead of the short local ones. */
  awsTiming: boolean;
  /** Origins whose pages may call the APIs; absent, as in records of earlier versions: none. */
  corsAllowedOrigins?: string[];
}

/** A request as the engine records it. */
interface KeptRequest extends DeployRequest {
  /** SHA-256 of each zip; absent in records of earlier versions. */
  hashes?: Record<string, string>;
}

/** What a deployment did to a pipeline; `unchanged`: declaration, bundles and timing are those it had. */
export type PipelineChange = "added" | "updated" | "unchanged";

/** The whole environment after a deployment, and what that did to each pipeline it named. */
export interface Deployed extends Deployment {
  changes: Record<string, PipelineChange>;
}

export interface EngineOptions extends ServicesOptions {
  /** Holds everything the engine stores. */
  dataDirectory: string;
  /** 0 takes any free port. */
  port: number;
  clock: Clock;
  log(line: string): void;
  /** Answers the control paths that concern the process itself (health, stop). */
  control?: (action: string, request: ServiceRequest) => Promise<ServiceResponse | undefined>;
  /** Refuses a control request, by throwing, that doesn't carry the engine's token. */
  authorize?: (request: ServiceRequest) => void;
}

export interface Engine {
  port: number;
  endpoint: string;
  deploy(request: DeployRequest): Promise<Deployed>;
  remove(names: readonly string[]): Promise<Deployment>;
  deployment(): Deployment;
  close(): Promise<void>;
}

/** Starts the engine on a data directory and brings back the pipelines that were deployed in it. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { clock, dataDirectory, log } = options;
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  let port = options.port;
  const endpoint = () => `http://127.0.0.1:${port}`;
  const parts: EngineParts = { clock, dataDirectory, endpoint, log, wiring: lateWiring(() => services) };
  const services = await createServices(parts, options);
  const deployed = new Map<string, KeptRequest>();
  const recordFile = path.join(dataDirectory, "deployed.json");

  const deployment = (): Deployment => ({
    env: "local",
    endpoint: endpoint(),
    region: LOCAL_REGION,
    accountId: LOCAL_ACCOUNT,
    pipelines: Object.fromEntries(
      [...deployed.values()].flatMap(({ pipelines, project }) =>
        pipelines.map((topology) => [
          topology.name,
          {
            topology,
            addresses: addressBook(topology, project, endpoint(), (name) => services.postgres.place(name)),
          },
        ]),
      ),
    ),
  });
  const record = async () => {
    await writeFile(`${recordFile}.new`, JSON.stringify([...deployed.values()]), { mode: 0o600 });
    await rename(`${recordFile}.new`, recordFile);
  };
  const bringUp = async (pipeline: Pipeline, kept: KeptRequest) => {
    const before = deployed.get(pipeline.name);
    for (const old of before?.pipelines ?? []) {
      refuseLoss(services, old, before?.project ?? "", { topology: pipeline, project: kept.project });
    }
    await provision(services, pipeline, kept, endpoint());
    for (const old of before?.pipelines ?? []) {
      await unprovision(services, old, before?.project ?? "", { topology: pipeline, project: kept.project });
    }
    deployed.set(pipeline.name, { ...kept, pipelines: [pipeline] });
  };
  const deploy = async (request: DeployRequest): Promise<Deployed> => {
    const bundles = Object.entries(await keepBundles(dataDirectory, request.zips));
    const kept: KeptRequest = {
      ...request,
      zips: Object.fromEntries(bundles.map(([name, bundle]) => [name, bundle.path])),
      hashes: Object.fromEntries(bundles.map(([name, { sha256 }]) => [name, sha256])),
    };
    const changes: Deployed["changes"] = {};
    for (const pipeline of request.pipelines) {
      changes[pipeline.name] = change(deployed.get(pipeline.name), pipeline, kept);
      // Brought up even when it is unchanged: what somebody removed by hand comes back.
      await bringUp(pipeline, kept);
      await record();
    }
    return { ...deployment(), changes };
  };
  const remove = async (names: readonly string[]): Promise<Deployment> => {
    for (const name of names) {
      const known = deployed.get(name);
      for (const pipeline of known?.pipelines ?? [])
        await unprovision(services, pipeline, known?.project ?? "");
      deployed.delete(name);
      await record();
    }
    return deployment();
  };
  const inTurn = oneAtATime();

  const server = await openServer({
    port,
    services: { ...services },
    log,
    control: async (request) => {
      const action = request.path.split("/").at(-1) ?? "";
      options.authorize?.(request);
      const answered = await options.control?.(action, request);
      if (answered) return answered;
      const body = async <T>() => JSON.parse((await request.bytes()).toString("utf8")) as T;
      if (action === "deployment") return json(deployment());
      if (action === "deploy") {
        const wanted = await body<DeployRequest>();
        return json(await inTurn(() => deploy(wanted)));
      }
      if (action === "remove") {
        const { names } = await body<{ names: string[] }>();
        return json(await inTurn(() => remove(names)));
      }
      throw new AwsError("NotFound", `the engine has no control path ${request.path}`, 404);
    },
  });
  port = server.port;
  const close = async () => {
    await services.lambda.close();
    await server.close();
    await closeServices(services);
  };
  // The record is only read: a crash halfway through must not cost the pipelines that are not up yet.
  const restored = inTurn(async () => {
    for (const request of await readRecord(recordFile)) {
      for (const pipeline of request.pipelines) await bringUp(pipeline, request);
    }
  });
  await restored.catch(async (error: Error) => {
    await close();
    throw error;
  });
  return {
    port,
    endpoint: endpoint(),
    deploy: (request) => inTurn(() => deploy(request)),
    remove: (names) => inTurn(() => remove(names)),
    deployment,
    close,
  };
}

/** Routes deliveries between services by the service in the target's ARN; the services exist only after it. */
function lateWiring(services: () => Services): Wiring {
  return {
    putEvent: (event) => services().events.putEvent(event),
    deliver: (arn, delivery) => {
      const service = arn.split(":")[2];
      if (service === "sqs") return services().sqs.send(arn, delivery);
      if (service === "sns") return services().sns.publish(arn, delivery);
      if (service === "lambda") return services().lambda.deliver(arn, delivery.body, delivery.traceHeader);
      if (service === "logs") return services().logs.deliver(arn, delivery.body);
      return Promise.reject(new AwsError("InvalidParameter", `nothing can be delivered to ${arn}`));
    },
  };
}

/** Runs work one after the other, in the order it comes: two deployments at once would undo each other's parts. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine;
    return mine;
  };
}

function change(before: KeptRequest | undefined, pipeline: Pipeline, now: KeptRequest): PipelineChange {
  if (!before) return "added";
  const names = Object.keys(pipeline.functions).map((key) => `${pipeline.name}-${key}`);
  const same =
    isDeepStrictEqual(before.pipelines, [pipeline]) &&
    before.project === now.project &&
    before.awsTiming === now.awsTiming &&
    isDeepStrictEqual(before.corsAllowedOrigins ?? [], now.corsAllowedOrigins ?? []) &&
    names.every((name) => before.hashes?.[name] === now.hashes?.[name]);
  return same ? "unchanged" : "updated";
}

/** An earlier version recorded pipelines without the kinds that it did not have. */
function withEveryKind(pipeline: Pipeline): Pipeline {
  return { ...Object.fromEntries(KINDS.map((kind) => [kind, {}])), ...pipeline };
}

async function readRecord(file: string): Promise<KeptRequest[]> {
  try {
    const requests = JSON.parse(await readFile(file, "utf8")) as KeptRequest[];
    return requests.map((request) => ({ ...request, pipelines: request.pipelines.map(withEveryKind) }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

export function json(value: unknown): ServiceResponse {
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}
