import {
  DescribeRuleCommand,
  DisableRuleCommand,
  ListRuleNamesByTargetCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { CreateQueueCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { describe } from "vitest";
import { motoAvailable } from "../../support/moto.ts";
import { bothSides, outcome, type Side } from "./both.ts";

const event = {
  Source: "edp.s3",
  DetailType: "Object Created",
  Resources: ["arn:aws:s3:::bronze", "arn:aws:s3:::other"],
  Detail: JSON.stringify({
    bucket: { name: "bronze" },
    object: { key: "raw/tracks/1.json", size: 3000, "version-id": null },
    ip: "10.0.0.7",
    flag: false,
  }),
};

const key = (...tests: unknown[]) => ({ detail: { object: { key: tests } } });
const size = (...tests: unknown[]) => ({ detail: { object: { size: tests } } });

const patterns: Record<string, object> = {
  exact: { source: ["edp.s3"], "detail-type": ["Object Created", "Object Deleted"] },
  "exact of another": { source: ["edp.ec2"] },
  null: { detail: { object: { "version-id": [null] } } },
  "exact number": size(3000),
  "a number's text": size("3000"),
  "an element of an array": { resources: ["arn:aws:s3:::other"] },
  prefix: key({ prefix: "raw/" }),
  "prefix without case": key({ prefix: { "equals-ignore-case": "RAW/" } }),
  suffix: key({ suffix: ".csv" }),
  "suffix without case": key({ suffix: { "equals-ignore-case": ".JSON" } }),
  "ignore case": { source: [{ "equals-ignore-case": "EDP.S3" }] },
  "anything-but": { source: [{ "anything-but": "edp.s3" }] },
  "anything-but list": { source: [{ "anything-but": ["edp.ec2", "x"] }] },
  "anything-but number": size({ "anything-but": 3000 }),
  "anything-but prefix": key({ "anything-but": { prefix: "staging/" } }),
  "anything-but suffix": key({ "anything-but": { suffix: ".json" } }),
  "numeric equal": size({ numeric: ["=", 3000] }),
  "numeric range": size({ numeric: [">", 0, "<", 3000] }),
  exists: key({ exists: true }),
  "exists not": { detail: { missing: [{ exists: false }] } },
  "exists of what is missing": { detail: { missing: [{ exists: true }] } },
  cidr: { detail: { ip: [{ cidr: "10.0.0.0/24" }] } },
  "cidr of another net": { detail: { ip: [{ cidr: "10.0.1.0/24" }] } },
  wildcard: key({ wildcard: "raw/*/*.json" }),
  "wildcard of another": key({ wildcard: "raw/*.csv" }),
  or: { $or: [{ source: ["x"] }, size({ numeric: [">", 1] })] },
  "or of none": { $or: [{ source: ["x"] }, { source: ["y"] }] },
  "one of two tests": key({ prefix: "x" }, { suffix: ".json" }),
  "two fields": { source: ["edp.s3"], detail: { bucket: { name: ["silver"] } } },
};

/** A queue that a rule with this pattern feeds, and what it received. */
async function ruled(side: Side, name: string, pattern: object, target: object = {}) {
  const { QueueUrl } = await side.sqs.send(new CreateQueueCommand({ QueueName: name }));
  const Arn = `arn:aws:sqs:us-east-1:${side.account}:${name}`;
  const rule = await side.events.send(
    new PutRuleCommand({ Name: name, EventPattern: JSON.stringify(pattern) }),
  );
  const put = await side.events.send(
    new PutTargetsCommand({ Rule: name, Targets: [{ Id: "queue", Arn, ...target }] }),
  );
  return {
    Arn,
    rule,
    put,
    received: async () => {
      const { Messages } = await side.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
      );
      return (Messages ?? []).map(({ Body }) => JSON.parse(Body ?? "null") as unknown);
    },
  };
}

const objectCreated = (name: string) => ({
  Source: "edp.s3",
  DetailType: "Object Created",
  Resources: ["arn:aws:s3:::bronze"],
  Time: new Date("2026-01-01T00:00:00Z"),
  Detail: JSON.stringify({ bucket: { name: "bronze" }, object: { key: name, size: 3 } }),
});

describe.skipIf(!motoAvailable())("EventBridge answers as moto does", () => {
  const { same } = bothSides();

  same("to every operator of patterns", async (side) => {
    const queues = new Map<string, Awaited<ReturnType<typeof ruled>>>();
    for (const [index, [what, pattern]] of Object.entries(patterns).entries()) {
      queues.set(what, await ruled(side, `pattern-${index}`, pattern));
    }
    await side.events.send(new PutEventsCommand({ Entries: [event] }));
    const matched: Record<string, boolean> = {};
    for (const [what, queue] of queues) matched[what] = (await queue.received()).length > 0;
    return matched;
  });

  same("to patterns that are not valid", async (side) => {
    const put = (EventPattern: string) =>
      outcome(side.events.send(new PutRuleCommand({ Name: "bad", EventPattern })));
    return [await put("{"), await put('{"source": "x"}'), await put('{"source": []}')];
  });

  same("to events that a rule sends to a queue", async (side) => {
    const queue = await ruled(side, "landed", {
      source: ["edp.s3"],
      detail: { object: { key: [{ prefix: "raw/" }] } },
    });
    const put = await side.events.send(
      new PutEventsCommand({ Entries: [objectCreated("raw/a b"), objectCreated("staging/x")] }),
    );
    const received = (await queue.received()) as { account?: string }[];
    // "account" is a member of every event (aws-events.html); moto leaves it out.
    const account = await side.documented(side.account, async () => received[0]?.account ?? "");
    return [queue.rule, queue.put, put, received.map((item) => ({ ...item, account }))];
  });

  same("to entries that fail", async (side) => {
    const { FailedEntryCount, Entries } = await side.events.send(
      new PutEventsCommand({
        Entries: [
          objectCreated("raw/1"),
          { ...objectCreated("raw/2"), Detail: "{" },
          { DetailType: "x", Detail: "{}" },
        ],
      }),
    );
    return [FailedEntryCount, Entries?.map(({ ErrorCode, ErrorMessage }) => [ErrorCode, ErrorMessage])];
  });

  same("to rules that are described, listed and disabled", async (side) => {
    const queue = await ruled(side, "described", { source: ["edp"] });
    await side.events.send(new DisableRuleCommand({ Name: "described" }));
    await side.events.send(new PutEventsCommand({ Entries: [{ ...objectCreated("x"), Source: "edp" }] }));
    return [
      await side.events.send(new DescribeRuleCommand({ Name: "described" })),
      await side.events.send(new ListTargetsByRuleCommand({ Rule: "described" })),
      await side.events.send(new ListRuleNamesByTargetCommand({ TargetArn: queue.Arn })),
      // "A disabled rule doesn't match any events" (API_DisableRule); moto's does.
      await side.documented([] as unknown[], () => queue.received()),
    ];
  });

  same("to wrong calls, by the same error names", async (side) => ({
    noRule: await outcome(side.events.send(new DescribeRuleCommand({ Name: "none" }))),
    targetsOfNoRule: await outcome(
      side.events.send(
        new PutTargetsCommand({
          Rule: "none",
          Targets: [{ Id: "a", Arn: `arn:aws:sqs:us-east-1:${side.account}:x` }],
        }),
      ),
    ),
    elevenEntries: await outcome(
      side.events.send(
        new PutEventsCommand({ Entries: Array.from({ length: 11 }, (_, n) => objectCreated(`${n}`)) }),
      ),
    ),
  }));
});
