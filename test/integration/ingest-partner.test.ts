import { writeFile } from "node:fs/promises";
import path from "node:path";
import { GetQueueAttributesCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClients } from "../../src/aws/clients.ts";
import { collectStatus } from "../../src/aws/status.ts";
import type { CommandModule } from "../../src/command.ts";
import ingestCommand from "../../src/commands/ingest/partner.ts";
import urlCommand from "../../src/commands/partner-url.ts";
import reconcileCommand from "../../src/commands/reconcile.ts";
import tailCommand from "../../src/commands/tail.ts";
import type { FilesResult } from "../../src/ingest/files/result.ts";
import type { Engine } from "../../src/local/engine.ts";
import { hostEngine } from "../../src/local/host.ts";
import type { PeekedMessage } from "../../src/messages/peek.ts";
import type { ReconcileResult } from "../../src/reconcile/report.ts";
import { loadDeployment } from "../../src/topology/load-deployment.ts";
import { testContext } from "../support/context.ts";
import { shippedPipelines } from "../support/engine.ts";
import { temporaryDirectory } from "../support/services.ts";
import { csv } from "../unit/lambda/partner/day.ts";

let project: Awaited<ReturnType<typeof temporaryDirectory>>;
let engine: Engine;

beforeAll(async () => {
  project = await temporaryDirectory();
  const request = await shippedPipelines(project.path);
  engine = await hostEngine({ directory: project.path, port: 0, log: () => {}, onStop: () => {} });
  await engine.deploy({ ...request, pipelines: request.pipelines.filter(({ name }) => name === "partner") });
});
afterAll(async () => {
  await engine.close();
  await project.remove();
});

/** Runs a command as it is typed after `edp`, in the project directory. */
async function run<Result>(command: CommandModule, words: string[]): Promise<Result> {
  const parser = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  command.configure(parser);
  parser.parse(words, { from: "user" });
  const context = testContext(project.path, { now: Date.now });
  const result = await command.run(command.options(parser.args, parser.opts()), context);
  return result as Result;
}

const ingest = (...words: string[]) => run<FilesResult>(ingestCommand, words);

async function sent(): Promise<PeekedMessage[]> {
  const stream = await run<AsyncIterable<PeekedMessage>>(tailCommand, [
    "partner",
    "--messages",
    "--no-follow",
  ]);
  const messages: PeekedMessage[] = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

const write = (name: string, text: string | Buffer) => writeFile(path.join(project.path, name), text);

describe("edp ingest partner", () => {
  it("makes up a day with faults, and accounts for each row", async () => {
    const result = await ingest("--sample", "40", "--faults", "0.1", "--day", "20220301", "--wait", "50");
    expect(result).toMatchObject({ missing: 0, deadLettered: 0, timedOut: false, skipped: 0, failed: 0 });
    expect(result.accepted).toBe(40 + 134 + 400);
    expect(result.rejected).toBeGreaterThan(30);
    expect(ingestCommand.exitCode?.(result)).toBe(0);
    const messages = await sent();
    const errors = messages.filter(({ body }) => body.includes('"type":"error_message"'));
    expect(errors.length).toBeGreaterThanOrEqual(result.rejected ?? 0);
    expect(messages.length - errors.length).toBeGreaterThan(30);
    // Looked at, not taken.
    expect(await sent()).toHaveLength(messages.length);
    expect(await ingest("--sample", "40", "--faults", "0.1", "--day", "20220301")).toMatchObject({
      accepted: 0,
      skipped: result.accepted,
    });
  });

  it("leaves out the days that can't be read, and says which file a day waits for", async () => {
    await write("customers_20220302.csv", csv("customers", "1,Ada,B,c-1,active"));
    await write("orders_20220302.csv", csv("orders", "1,c-1,new,o-1,1"));
    await write("customers_20220303.csv", csv("customers", "1,Ada,B,c-1,active").replaceAll(",", ";"));
    await write("items_20220303.csv", csv("items"));
    await write("items_20220304.csv", Buffer.from(csv("items", "1,o-1,Caf\xe9,1,1"), "latin1"));
    const result = await ingest(project.path);
    expect(result.files.map(({ key, status: state }) => `${state} ${key}`)).toEqual([
      "accepted incoming/customers_20220302.csv",
      "accepted incoming/orders_20220302.csv",
    ]);
    const reasons = Object.fromEntries(result.rejectedInputs.map(({ file, reason }) => [file, reason]));
    expect(reasons["customers_20220303.csv"]).toContain("semicolons");
    expect(reasons["items_20220303.csv"]).toContain("left out");
    expect(reasons["items_20220304.csv"]).toMatch(/^line 2: .*not UTF-8/);
    expect(ingestCommand.exitCode?.(result)).toBe(6);

    const status = await collectStatus(engine.deployment(), testContext(project.path, { now: Date.now }));
    expect(status.pipelines.partner?.waiting).toMatchObject([
      { of: "2022-03-02", missing: ["incoming/items_20220302.csv"] },
    ]);
    const { runs } = await run<ReconcileResult>(reconcileCommand, [result.runId]);
    expect(runs[0]).toMatchObject({ kind: "files", accepted: 2, missing: 2 });
    expect(runs[0]?.kind === "files" && runs[0].files.map(({ why }) => why)).toEqual([
      "waits for incoming/items_20220302.csv",
      "waits for incoming/items_20220302.csv",
    ]);

    const { url } = await run<{ url: string }>(urlCommand, ["items_20220302.csv"]);
    const put = await fetch(url, { method: "PUT", body: csv("items", "1,o-1,Lamp,1,9.90") });
    expect(put.status).toBe(200);
    await expect
      .poll(async () => (await run<ReconcileResult>(reconcileCommand, [result.runId])).processed)
      .toBe(2);
    expect((await sent()).map(({ body }) => body)).toContain(
      '{"type":"customer_message","customer_reference":"c-1","number_of_orders":1,"total_amount_spent":9.9}',
    );
  });

  it("counts a version as rejected that was replaced before its turn, and what cannot be read", async () => {
    const send = async (...files: string[]) => ingest(...files, "--no-check");
    await write("customers_20220305.csv", csv("customers", "1,Ada,B,c-1,active"));
    await write("orders_20220305.csv", csv("orders"));
    const first = await send("customers_20220305.csv", "orders_20220305.csv");
    await write("orders_20220305.csv", csv("orders", "1,c-1,new,o-1,1"));
    await write("items_20220305.csv", "PK\x03\x04 one\ntwo\n");
    const second = await send("orders_20220305.csv", "items_20220305.csv");
    const find = async (runId: string) => (await run<ReconcileResult>(reconcileCommand, [runId])).runs[0];
    await expect.poll(async () => (await find(second.runId))?.rejected).toBe(2);
    expect(await find(second.runId)).toMatchObject({ accepted: 3, missing: 1 });
    await write("items_20220305.csv", csv("items"));
    await ingest("items_20220305.csv");
    await expect.poll(async () => (await find(first.runId))?.processed).toBe(1);
    expect(await find(second.runId)).toMatchObject({ accepted: 3, processed: 1, rejected: 2, missing: 0 });
  });

  it("may be looked at often: messages stay where they are, and looks stop before a queue gives them up", async () => {
    const before = await sent();
    expect(before.length).toBeGreaterThan(0);
    for (let look = 0; look < 8; look++) expect(await sent()).toHaveLength(before.length);

    const context = testContext(project.path, { now: Date.now });
    const deployment = await loadDeployment(context);
    const clients = createClients(deployment, context);
    const sqs = await clients.sqs();
    const QueueUrl = deployment.pipelines.partner?.addresses.queues.messages?.url ?? "";
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["RedrivePolicy"] }),
    );
    const policy = JSON.parse(Attributes?.RedrivePolicy ?? "");
    const allow = async (maxReceiveCount: number) => {
      const RedrivePolicy = JSON.stringify({ ...policy, maxReceiveCount });
      await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { RedrivePolicy } }));
    };
    try {
      await allow(16);
      for (let look = 0; look < 3; look++) {
        await expect(sent()).rejects.toThrow(expect.objectContaining({ code: "RECEIVES_USED_UP" }));
      }
      await allow(policy.maxReceiveCount);
      expect(await sent()).toHaveLength(before.length);
    } finally {
      clients.close();
    }
  });

  it.each([
    [[], "USAGE"],
    [["--sample", "5", "x"], "USAGE"],
    [["--rows", "5", "x"], "USAGE"],
    [["--sample", "5", "--day", "20220230"], "commander.invalidArgument"],
    [["nowhere"], "INVALID_INPUT"],
    [["items_20220304.csv"], "INVALID_INPUT"],
  ])("refuses %j", async (words, code) => {
    await expect(ingest(...words)).rejects.toThrow(expect.objectContaining({ code }));
  });
});
