import { expect, it } from "vitest";
import { readLetter } from "../../../../src/dead-letters/letter.ts";
import { PIPELINES_DIRECTORY } from "../../../../src/package-root.ts";
import { functionsFor } from "../../../../src/replay/try-local/which-function.ts";
import type { DeployedPipeline } from "../../../../src/topology/deployment.ts";
import { loadPipelines } from "../../../../src/topology/load.ts";
import { causeAttribute, objectCreated, snsNotification } from "../../../support/letters.ts";
import { NO_ADDRESSES } from "../../../support/topology-fixtures.ts";

/** The spotify pipeline with a second function, which reads from another queue and another bucket. */
async function pipeline(): Promise<DeployedPipeline> {
  const spotify = (await loadPipelines([PIPELINES_DIRECTORY])).find(({ name }) => name === "spotify");
  const { landed } = spotify?.queues ?? {};
  const { "to-parquet": toParquet } = spotify?.functions ?? {};
  if (!spotify || !landed || !toParquet) throw new Error("spotify.json lacks its parts");
  const other = { ...toParquet, from: { ...toParquet.from, queue: "others" }, reads: ["staging"] };
  return {
    topology: {
      ...spotify,
      queues: { landed, others: landed },
      functions: { "to-parquet": toParquet, other },
    },
    addresses: {
      ...NO_ADDRESSES,
      buckets: { bronze: { name: "bronze" }, staging: { name: "staging" } },
      queues: {
        landed: { url: "http://sqs/1/landed", dlqUrl: "http://sqs/1/landed-dlq" },
        others: { url: "http://sqs/1/others", dlqUrl: "http://sqs/1/others-dlq" },
      },
      functions: { "to-parquet": { name: "fn-a", logGroup: "a" }, other: { name: "fn-b", logGroup: "b" } },
      undelivered: { url: "http://sqs/1/undelivered" },
    },
  };
}

it.each([
  ["its cause names", { MessageAttributes: causeAttribute({ errorCode: "X", function: "fn-b" }) }, ["other"]],
  [
    "reads the queue it was redriven from",
    { Attributes: { DeadLetterQueueSourceArn: "arn:aws:sqs:us-east-1:1:others" } },
    ["other"],
  ],
  ["reads the bucket it is about", { Body: snsNotification(objectCreated("raw/x.json")) }, ["to-parquet"]],
  ["nothing points to", { Body: "text" }, []],
] as const)("a letter is tried with the function that %s", async (_which, raw, wanted) => {
  const letter = readLetter({ MessageId: "m", Body: "text", ...raw } as Parameters<typeof readLetter>[0]);
  expect(functionsFor(letter, [await pipeline()]).map((tried) => tried.function)).toEqual(wanted);
});
