import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
} from "@aws-sdk/client-s3";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { purgeQueue } from "../../src/aws/purge-queue.ts";
import { queueDepth } from "../../src/aws/queues.ts";
import { Purge } from "../../src/purge/purge.ts";
import { type Deployed, startDeployed } from "../support/deployed.ts";
import { track } from "../unit/lambda/function-bench.ts";

let deployed: Deployed;
beforeAll(async () => {
  deployed = await startDeployed();
});
afterAll(() => deployed.close());

const purge = (signal = new AbortController().signal) =>
  new Purge(deployed.deployment, [], deployed.context({ signal }));

async function fill(): Promise<void> {
  const { s3, sqs } = deployed.clients;
  for (const id of ["1", "2", "1"]) await deployed.land(`raw/tracks/${id}.json`, JSON.stringify(track(id)));
  await s3.send(new DeleteObjectCommand({ Bucket: deployed.bronze, Key: "raw/tracks/2.json" }));
  await s3.send(new CreateMultipartUploadCommand({ Bucket: deployed.bronze, Key: "raw/tracks/big.json" }));
  await deployed.until(async () => {
    const depth = await queueDepth(sqs, deployed.queueUrl);
    return depth !== null && depth.visible + depth.inFlight === 0;
  });
  for (let n = 0; n < 3; n++) {
    await sqs.send(new SendMessageCommand({ QueueUrl: deployed.dlqUrl, MessageBody: `dead ${n}` }));
  }
}

test("counts first, then empties buckets with all versions, uploads, queues and dead-letter queues", async () => {
  await fill();
  const counted = await purge().count();
  const bronze = counted.find(({ name }) => name === deployed.bronze);
  // One current object; two older versions and a delete marker.
  expect(bronze).toMatchObject({ pipeline: "spotify", kind: "bucket", count: 1, versions: 3 });
  const before = counted.reduce(
    (sum, { kind, count, versions }) => sum + (kind === "bucket" ? (count ?? 0) + (versions ?? 0) : 0),
    0,
  );

  const result = await purge().run(counted);
  expect(result.deletedVersions).toBe(before);
  expect(result.messages).toBeGreaterThanOrEqual(3);
  expect((await purge().count()).map(({ count, versions }) => [count, versions ?? 0])).toEqual(
    counted.map(() => [0, 0]),
  );
  const { Uploads = [] } = await deployed.clients.s3.send(
    new ListMultipartUploadsCommand({ Bucket: deployed.bronze }),
  );
  expect(Uploads).toEqual([]);
});

test("interrupted, it says that the same command goes on, and it does", async () => {
  await fill();
  const counted = await purge().count();
  const abort = new AbortController();
  abort.abort(new Error("Ctrl-C"));
  await expect(purge(abort.signal).run(counted)).rejects.toMatchObject({
    exitCode: 130,
    hint: expect.stringContaining("same command"),
  });
  await purge().run(counted);
  expect((await purge().count()).every(({ count }) => count === 0)).toBe(true);
});

test("a queue that was purged within the last minute is emptied message by message", async () => {
  const { sqs } = deployed.clients;
  const parts = { now: Date.now, pause: refused, signal: new AbortController().signal, onWait: () => {} };
  await purgeQueue(sqs, deployed.dlqUrl, parts);
  for (let n = 0; n < 25; n++) {
    await sqs.send(new SendMessageCommand({ QueueUrl: deployed.dlqUrl, MessageBody: `late ${n}` }));
  }
  await purgeQueue(sqs, deployed.dlqUrl, parts);
  expect(await queueDepth(sqs, deployed.dlqUrl)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
});

test("messages that others hold are waited for until the queue may be purged again", async () => {
  let now = 0;
  let waits = 0;
  await purgeQueue(heldQueue(2), "http://queue", {
    now: () => now,
    pause: async (ms) => {
      now += ms;
    },
    signal: new AbortController().signal,
    onWait: () => void waits++,
  });
  expect([waits, now]).toEqual([1, 10_000]);
});

const refused = async () => Promise.reject(new Error("nothing is to be waited for"));

/** A queue whose one message others hold, and which refuses to be purged so many times. */
function heldQueue(refusals: number) {
  let left = refusals;
  const send = async (command: { constructor: { name: string } }) => {
    const { name } = command.constructor;
    if (name === "GetQueueAttributesCommand") {
      return {
        Attributes: {
          ApproximateNumberOfMessages: "0",
          ApproximateNumberOfMessagesNotVisible: "1",
          ApproximateNumberOfMessagesDelayed: "0",
        },
      };
    }
    if (name === "PurgeQueueCommand" && left-- > 0) {
      throw Object.assign(new Error("once in 60 s"), { name: "PurgeQueueInProgress" });
    }
    return {};
  };
  return { send } as unknown as Parameters<typeof purgeQueue>[0];
}
