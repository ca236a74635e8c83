import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DecreaseStreamRetentionPeriodCommand,
  DeleteStreamCommand,
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  IncreaseStreamRetentionPeriodCommand,
  ListShardsCommand,
  ListTagsForStreamCommand,
  PutRecordCommand,
  PutRecordsCommand,
  RemoveTagsFromStreamCommand,
} from "@aws-sdk/client-kinesis";
import { describe } from "vitest";
import { motoAvailable } from "../../support/moto.ts";
import { bothSides, outcome, type Side } from "./both.ts";

const create = ({ kinesis }: Side, StreamName: string, ShardCount = 1) =>
  kinesis.send(new CreateStreamCommand({ StreamName, ShardCount }));
const entry = (text: string, PartitionKey = "k") => ({ Data: Buffer.from(text), PartitionKey });
const put = ({ kinesis }: Side, StreamName: string, ...texts: string[]) =>
  kinesis.send(new PutRecordsCommand({ StreamName, Records: texts.map((text) => entry(text, text)) }));

async function readAll(
  { kinesis }: Side,
  StreamName: string,
  options: Partial<GetShardIteratorCommandInput> = {},
): Promise<string[]> {
  const { ShardIterator } = await kinesis.send(
    new GetShardIteratorCommand({
      StreamName,
      ShardId: "shardId-000000000000",
      ShardIteratorType: "TRIM_HORIZON",
      ...options,
    }),
  );
  const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
  return Records.map(({ Data, PartitionKey }) => `${PartitionKey}: ${Buffer.from(Data ?? [])}`);
}

describe.skipIf(!motoAvailable())("Kinesis as moto has it (skipped where moto is not installed)", () => {
  const { same } = bothSides();

  same("divides the hash keys over shards and records over them", async (side) => {
    await create(side, "divided", 3);
    const { Shards } = await side.kinesis.send(new ListShardsCommand({ StreamName: "divided" }));
    const { Records } = await put(side, "divided", "a", "b", "c", "d", "größer", "0", "1");
    // Twelve zeros are the engine's account, too.
    const index = (shard: string | undefined) => shard?.split("-").at(-1)?.slice(-2);
    return {
      ranges: Shards?.map(({ ShardId, HashKeyRange }) => [index(ShardId), HashKeyRange]),
      shards: Records?.map(({ ShardId }) => index(ShardId)),
    };
  });

  same("describes a stream", async (side) => {
    await create(side, "described", 2);
    const { StreamDescriptionSummary } = await side.kinesis.send(
      new DescribeStreamSummaryCommand({ StreamName: "described" }),
    );
    const { StreamARN, RetentionPeriodHours, OpenShardCount, EncryptionType } =
      StreamDescriptionSummary ?? {};
    return { StreamARN, RetentionPeriodHours, OpenShardCount, EncryptionType };
  });

  same("reads from every kind of place", async (side) => {
    await create(side, "read");
    const { Records } = await put(side, "read", "a", "b", "c");
    const StartingSequenceNumber = Records?.[1]?.SequenceNumber;
    return {
      all: await readAll(side, "read"),
      at: await readAll(side, "read", { ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber }),
      after: await readAll(side, "read", {
        ShardIteratorType: "AFTER_SEQUENCE_NUMBER",
        StartingSequenceNumber,
      }),
      latest: await readAll(side, "read", { ShardIteratorType: "LATEST" }),
      time: await readAll(side, "read", { ShardIteratorType: "AT_TIMESTAMP", Timestamp: new Date(1e12) }),
    };
  });

  same("answers a put of one record", async (side) => {
    await create(side, "one");
    const answer = await side.kinesis.send(new PutRecordCommand({ StreamName: "one", ...entry("x") }));
    return Object.keys(answer).filter((name) => name !== "$metadata" && name !== "EncryptionType");
  });

  same("keeps tags", async (side) => {
    const StreamName = "tagged";
    await create(side, StreamName);
    await side.kinesis.send(new AddTagsToStreamCommand({ StreamName, Tags: { b: "2", a: "1", c: "3" } }));
    await side.kinesis.send(new RemoveTagsFromStreamCommand({ StreamName, TagKeys: ["c"] }));
    const { Tags } = await side.kinesis.send(new ListTagsForStreamCommand({ StreamName }));
    return Tags;
  });

  same("refuses with the same errors", async (side) => {
    const StreamName = "refused";
    await create(side, StreamName);
    const send = (command: unknown) => outcome(side.kinesis.send(command as PutRecordCommand));
    const hours = (RetentionPeriodHours: number) => ({ StreamName, RetentionPeriodHours });
    const at = (more: Partial<GetShardIteratorCommandInput>) =>
      send(
        new GetShardIteratorCommand({
          StreamName,
          ShardId: "shardId-000000000000",
          ShardIteratorType: "LATEST",
          ...more,
        }),
      );
    return [
      await send(new CreateStreamCommand({ StreamName, ShardCount: 1 })),
      await send(new DescribeStreamCommand({ StreamName: "none" })),
      await send(new DeleteStreamCommand({ StreamName: "none" })),
      await send(
        new PutRecordsCommand({ StreamName, Records: Array.from({ length: 501 }, () => entry("x")) }),
      ),
      await send(new PutRecordCommand({ StreamName: "none", ...entry("x") })),
      await send(new IncreaseStreamRetentionPeriodCommand(hours(23))),
      await send(new IncreaseStreamRetentionPeriodCommand(hours(8_761))),
      await send(new DecreaseStreamRetentionPeriodCommand(hours(30))),
      await at({ ShardId: "shardId-000000000007" }),
      await at({ StreamName: "none" }),
    ];
  });
});
