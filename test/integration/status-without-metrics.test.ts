import { afterEach, beforeEach, expect, it } from "vitest";
import { collectStatus } from "../../src/aws/status.ts";
import type { Deployment } from "../../src/topology/deployment.ts";
import { testContext } from "../support/context.ts";
import { type Messaging, startMessaging } from "../support/messaging.ts";
import { NO_ADDRESSES } from "../support/topology-fixtures.ts";

// An emulator with queues, but without CloudWatch.
let messaging: Messaging;
let deployment: Deployment;
beforeEach(async () => {
  messaging = await startMessaging();
  const [landed, dlq, undelivered] = await Promise.all(
    ["landed", "landed-dlq", "undelivered"].map((name) => messaging.queue(name)),
  );
  const addresses = {
    ...NO_ADDRESSES,
    queues: { landed: { url: landed?.url ?? "", dlqUrl: dlq?.url ?? "" } },
    functions: { "to-parquet": { name: "to-parquet", logGroup: "/aws/lambda/to-parquet" } },
    undelivered: { url: undelivered?.url ?? "" },
  };
  deployment = {
    env: "emulated",
    endpoint: messaging.endpoint,
    region: "us-east-1",
    accountId: "000000000000",
    pipelines: { spotify: { addresses, topology: {} } },
  } as unknown as Deployment;
});
afterEach(() => messaging.close());

it("status shows the queues, and nulls with a note where CloudWatch refuses", async () => {
  const status = await collectStatus(deployment, testContext("/nowhere"));
  expect(status.pipelines.spotify).toMatchObject({
    queues: { landed: { visible: 0, dlq: { visible: 0 } } },
    functions: { "to-parquet": { invocations: null, errors: null, throttles: null } },
  });
  expect(status.metricsAsOf).toBeNull();
  expect(status.notes).toEqual([expect.stringMatching(/^CloudWatch gives no metrics, .* \(.+\)$/)]);
});

it("an endpoint that does not answer at all is no such emulator", async () => {
  const endpoint = "http://127.0.0.1:9";
  const queues = { ...deployment.pipelines.spotify?.addresses, queues: {} };
  const gone = { ...deployment, endpoint, pipelines: { spotify: { addresses: queues, topology: {} } } };
  await expect(collectStatus(gone as unknown as Deployment, testContext("/nowhere"))).rejects.toThrow();
});
