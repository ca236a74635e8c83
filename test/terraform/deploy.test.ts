import { access, mkdir, readdir, rename } from "node:fs/promises";
import path from "node:path";
import {
  APIGatewayClient,
  GetMethodCommand,
  GetResourcesCommand,
  GetUsagePlansCommand,
} from "@aws-sdk/client-api-gateway";
import {
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { ListQueuesCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import pMap from "p-map";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { IngestResult } from "../../src/ingest/result.ts";
import type { AwsDeployResult } from "../../src/terraform/deploy.ts";
import type { AwsDestroyResult } from "../../src/terraform/destroy.ts";
import type { UnlockResult } from "../../src/terraform/unlock.ts";
import { bucketContent } from "../support/bucket-content.ts";
import { createProject, run } from "../support/edp.ts";
import { type Moto, motoAvailable, startMoto } from "../support/moto.ts";
import { writeRecordedResponses } from "../support/recorded-responses.ts";
import { clientSettings, temporaryDirectory } from "../support/services.ts";
import { terraformTools } from "../support/terraform.ts";

/**
 * moto returns neither a bucket's EventBridge flag nor a policy that came with CreateQueue nor a stream's tags: each
 * plan sets them again.
 */
const MOTO_FORGETS = [
  'module.bucket["spotify/bronze"].aws_s3_bucket_notification.this[0]',
  'module.queue["spotify/landed"].aws_sqs_queue.this',
  'module.queue["partner/arrived"].aws_sqs_queue.this',
  'module.queue["partner/messages"].aws_sqs_queue.this',
  'module.stream["fakestore/events"].aws_kinesis_stream.this',
];
const BACKEND = "s3://edp-test-state/teams";
const STATE_KEY = "teams/edp/demo/terraform.tfstate";
/** More than one page of ListObjectVersions and one batch of DeleteObjects. */
const OBJECTS = 1_020;

const tools = await terraformTools();

// One environment for all of it, in this order: every apply waits more than 50 s for queues.
describe.skipIf(!tools || !motoAvailable())("an environment on AWS, deployed by the built edp", () => {
  let moto: Moto;
  let project: Awaited<ReturnType<typeof temporaryDirectory>>;
  let directory: string;
  let s3: S3Client;
  let sqs: SQSClient;
  let deployed: AwsDeployResult;
  /** Objects that an ingest has stored. */
  let landed = 0;

  beforeAll(async () => {
    moto = await startMoto();
    project = await temporaryDirectory();
    directory = path.join(project.path, "project");
    await mkdir(directory);
    s3 = new S3Client(clientSettings(moto.endpoint));
    sqs = new SQSClient(clientSettings(moto.endpoint));
  });
  afterAll(async () => {
    s3.destroy();
    sqs.destroy();
    await moto.stop();
    await project.remove();
  });

  const edp = (...args: string[]) =>
    run(directory, args, {
      env: {
        TF_CLI_CONFIG_FILE: tools?.env.TF_CLI_CONFIG_FILE,
        EDP_TERRAFORM: tools?.binary,
        EDP_ENV: "demo",
        AWS_ENDPOINT_URL: moto.endpoint,
        AWS_REGION: "us-east-1",
      },
    });
  const json = async <T>(...args: string[]) => {
    const { exitCode, stdout, stderr } = await edp(...args, "--json");
    return { exitCode, stderr: String(stderr), value: JSON.parse(String(stdout)) as T };
  };
  const failure = async (...args: string[]) => {
    const { exitCode, value } = await json<{ error: { code: string; message: string; hint: string } }>(
      ...args,
    );
    return { exitCode, ...value.error };
  };
  const isThere = (...parts: string[]) =>
    access(path.join(directory, ".edp", "demo", ...parts)).then(
      () => true,
      () => false,
    );

  it("asks which pipelines it should hold, since they cost money", async () => {
    expect(await failure("deploy", "--yes")).toMatchObject({ exitCode: 2, code: "USAGE" });
  });

  it("that was never deployed can't be destroyed", async () => {
    expect(await failure("destroy", "--yes")).toMatchObject({ exitCode: 7, code: "NOT_DEPLOYED" });
  });

  it("gives its lock back at Ctrl-C in the middle of an apply, and turns a second deploy away before", async () => {
    const first = edp("deploy", "spotify", "--yes");
    let said = "";
    const queuesStarted = new Promise<void>((resolve) => {
      first.stderr?.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        // Buckets take a second, so by then the queues' 25 seconds are running.
        if (/aws_s3_bucket\.this created/.test(said)) resolve();
      });
    });
    await Promise.race([queuesStarted, first]);
    expect(await failure("deploy", "spotify", "--yes")).toMatchObject({
      exitCode: 5,
      code: "ENVIRONMENT_BUSY",
    });
    first.kill("SIGINT");
    const { exitCode, stderr } = await first;
    expect(exitCode).toBe(130);
    expect(stderr).toMatch(/Interrupted after \d+ of \d+ changes/);
    expect(await isThere(".terraform.tfstate.lock.info")).toBe(false);
    expect(await isThere("holder.json")).toBe(false);
  });

  it("is completed by the next deploy, which adds pipelines and moves its state to a bucket that it creates", async () => {
    const { exitCode, value, stderr } = await json<AwsDeployResult>(
      ...["deploy", "fakestore", "partner", "--yes", "--backend", BACKEND],
    );
    expect(exitCode, `${stderr}${JSON.stringify(value)}`).toBe(0);
    deployed = value;
    expect(deployed).toMatchObject({
      env: "demo",
      endpoint: moto.endpoint,
      accountId: "123456789012",
      region: "us-east-1",
      backend: BACKEND,
      applied: true,
      pipelines: {
        spotify: {
          buckets: { bronze: { name: "edp-demo-spotify-bronze-123456789012" } },
          queues: { landed: { dlqUrl: expect.stringContaining("/edp-demo-spotify-landed-dlq") } },
          functions: { "to-parquet": { logGroup: "/aws/lambda/edp-demo-spotify-to-parquet" } },
        },
        fakestore: {
          streams: { events: { name: "edp-demo-fakestore-events" } },
          deliveries: { events: { name: "edp-demo-fakestore-events" } },
          apis: { store: { url: expect.stringMatching(/^http:.*\/restapis\/\w+\/v1\/_user_request_$/) } },
        },
        partner: { tables: { customers: { name: "edp-demo-partner-customers" } } },
      },
    });
    const Bucket = "edp-test-state";
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe("Enabled");
    const { PublicAccessBlockConfiguration: blocked } = await s3.send(
      new GetPublicAccessBlockCommand({ Bucket }),
    );
    expect(Object.values(blocked ?? {})).toEqual([true, true, true, true]);
  });

  it("plans nothing more, not even after its directory has moved", async () => {
    const moved = path.join(project.path, "moved");
    await rename(directory, moved);
    directory = moved;
    const { exitCode, value } = await json<AwsDeployResult>("deploy", "--plan-only");
    expect(exitCode).toBe(0);
    expect(value.changes.filter(({ resource }) => !MOTO_FORGETS.includes(resource))).toEqual([]);
    expect(value).toMatchObject({ applied: false, drift: [], dataAtRisk: [], pipelines: deployed.pipelines });
  });

  it("is seen by status without Terraform", async () => {
    const { value } = await json<{
      pipelines: Record<string, { queues: Record<string, { visible: number }> }>;
    }>("status");
    expect(value.pipelines.spotify?.queues.landed?.visible).toBe(0);
  });

  it("takes an ingest as the local engine does: the same objects in bronze, byte for byte", async () => {
    const recorded = path.join(project.path, "recorded");
    await mkdir(recorded);
    landed = await writeRecordedResponses(recorded, 60);
    const local = await createProject();
    try {
      const { value } = await local.json<{ endpoint: string; pipelines: AwsDeployResult["pipelines"] }>([
        "deploy",
      ]);
      const ingest = ["ingest", "spotify", "--from", recorded];
      expect((await local.json<IngestResult>(ingest)).value.accepted).toBe(landed);
      expect((await json<IngestResult>(...ingest)).value).toMatchObject({ accepted: landed, failed: 0 });
      const localS3 = new S3Client(clientSettings(value.endpoint));
      const bronze = (book: AwsDeployResult["pipelines"]) => book.spotify?.buckets.bronze?.name ?? "";
      const here = await bucketContent(localS3, bronze(value.pipelines), "raw/");
      localS3.destroy();
      expect(here).toHaveLength(landed);
      expect(await bucketContent(s3, bronze(deployed.pipelines), "raw/")).toEqual(here);
    } finally {
      await local.remove();
    }
  });

  it("tells the partner's queue of each upload", async () => {
    const { buckets, queues } = deployed.pipelines.partner ?? {};
    const Key = "incoming/customers_20260101.csv";
    await s3.send(new PutObjectCommand({ Bucket: buckets?.uploads?.name, Key, Body: "id" }));
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queues?.arrived?.url, MaxNumberOfMessages: 10 }),
    );
    const keys = Messages.flatMap(({ Body = "{}" }) => {
      const { Records = [] } = JSON.parse(Body) as { Records?: { s3: { object: { key: string } } }[] };
      return Records.map(({ s3 }) => decodeURIComponent(s3.object.key));
    });
    expect(keys).toEqual([Key]);
  });

  it("makes an API that asks for its key, within its limits", async () => {
    const gateway = new APIGatewayClient(clientSettings(moto.endpoint));
    const [api] = Object.values(deployed.pipelines.fakestore?.apis ?? {});
    const { items = [] } = await gateway.send(new GetUsagePlansCommand({ keyId: api?.apiKeyId }));
    expect(items).toMatchObject([
      { throttle: { rateLimit: 500, burstLimit: 1000 }, quota: { period: "DAY" } },
    ]);
    const restApiId = api?.url.split("/")[4];
    const { items: resources = [] } = await gateway.send(new GetResourcesCommand({ restApiId }));
    const resourceId = resources.find(({ path }) => path === "/events")?.id;
    const method = await gateway.send(new GetMethodCommand({ restApiId, resourceId, httpMethod: "POST" }));
    expect(method).toMatchObject({ apiKeyRequired: true, requestValidatorId: expect.any(String) });
    gateway.destroy();
  });

  it("tells who holds its state, and unlock releases it", async () => {
    const lock = {
      ID: "0a1b",
      Operation: "OperationTypeApply",
      Who: "ana@laptop",
      Created: "2026-11-21T03:24:25.5Z",
      Version: "1.11.4",
      Path: STATE_KEY,
      Info: "",
    };
    await s3.send(
      new PutObjectCommand({
        Bucket: "edp-test-state",
        Key: `${STATE_KEY}.tflock`,
        Body: JSON.stringify(lock),
      }),
    );
    const locked = await failure("deploy", "--plan-only");
    expect(locked).toMatchObject({ exitCode: 5, code: "STATE_LOCKED" });
    expect(locked.hint).toContain("ana@laptop holds it since 2026-11-21T03:24:25Z");
    expect(await failure("unlock")).toMatchObject({ exitCode: 2, code: "USAGE" });
    const { value } = await json<UnlockResult>("unlock", "--yes");
    expect(value).toMatchObject({
      removed: true,
      locks: [{ kind: "terraform", who: "ana@laptop", operation: "apply" }],
    });
    expect((await json<UnlockResult>("unlock")).value).toEqual({ env: "demo", locks: [], removed: false });
  });

  it("is not destroyed without an answer", async () => {
    expect(await failure("destroy")).toMatchObject({ exitCode: 2, code: "USAGE" });
  });

  it("is destroyed with every version in its buckets, and nothing is left", async () => {
    const Bucket = deployed.pipelines.spotify?.buckets.bronze?.name;
    const keys = Array.from({ length: OBJECTS }, (_, index) => `raw/${index % (OBJECTS - 20)}.json`);
    await pMap(keys, (Key) => s3.send(new PutObjectCommand({ Bucket, Key, Body: "{}" })), {
      concurrency: 32,
    });
    const { exitCode, value, stderr } = await json<AwsDestroyResult>("destroy", "--yes");
    expect(exitCode, `${stderr}${JSON.stringify(value)}`).toBe(0);
    expect(value).toMatchObject({
      env: "demo",
      destroyed: ["fakestore", "partner", "spotify"],
      lost: { objects: landed + OBJECTS - 20 + 1, versions: 20 },
      leftovers: [],
      unverified: [],
    });
    expect(value.verified.byName).toBeGreaterThan(10);
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets.map(({ Name }) => Name)).toEqual(["edp-test-state"]);
    expect((await sqs.send(new ListQueuesCommand({}))).QueueUrls ?? []).toEqual([]);
    // What proves where the objects of a run ended stays; nothing else does.
    expect((await readdir(path.join(directory, ".edp", "demo"))).sort()).toEqual(["ingest", "runs"]);
  });
});
