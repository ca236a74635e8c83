import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimKey } from "../../src/lambda/shared/claims.ts";
import { ClaimProof } from "../../src/reconcile/claim-proof.ts";
import type { Proof } from "../../src/reconcile/proof.ts";
import { Tally, versionKey } from "../../src/reconcile/tally.ts";
import { EtagNames, ProofByEtag } from "../../src/reconcile/versions-by-etag.ts";
import { settleAll } from "../../src/reconcile/wait.ts";
import { type S3Fixture, startS3 } from "../support/s3.ts";

const rejected = { errorCode: "NOT_JSON", path: "", message: "no" };

let s3: S3Fixture;
let heads: number;
beforeEach(async () => {
  s3 = await startS3();
  heads = 0;
  s3.client.middlewareStack.add(
    (next, context) => (args) => {
      if (context.commandName === "HeadObjectCommand") heads++;
      return next(args);
    },
    { step: "initialize" },
  );
  await s3.service.createBucket("bronze", { versioned: true, eventBridge: false });
  await s3.service.createBucket("staging", { versioned: true, eventBridge: false });
});
afterEach(() => s3.stop());

/** Stores an object; its version is in the tally by id, and `etagName` is what a function without the id calls it. */
async function land(tally: Tally, key: string, body: string) {
  const { VersionId: versionId = "", ETag = "" } = await s3.client.send(
    new PutObjectCommand({ Bucket: "bronze", Key: key, Body: body }),
  );
  tally.accept({ key, versionId });
  const version = `etag:${ETag.replaceAll('"', "")}`;
  return { id: versionKey(key, versionId), etagName: versionKey(key, version), version };
}

const finds = (...ids: string[]): Proof => ({
  async *find() {
    for (const id of ids) yield { id, end: { state: "processed", output: "s3://staging/x" } };
  },
});

describe("where events name object versions by their ETags only", () => {
  it("an output settles the version that has this ETag, and no other of its key", async () => {
    const tally = new Tally();
    const older = await land(tally, "a", "1");
    const newer = await land(tally, "a", "2");
    await settleAll(tally, [byEtag(finds(older.etagName))], false);
    expect([...tally.missing]).toEqual([newer.id]);
    expect(tally.endOf(older.id)).toEqual({ state: "processed", output: "s3://staging/x" });
  });

  it("an output of an object that is no part of the run settles nothing", async () => {
    const tally = new Tally();
    const { id } = await land(tally, "a", "1");
    const stranger = versionKey("a", "etag:0cc175b9c0f1b6a831c399e269772661");
    await settleAll(tally, [byEtag(finds(stranger))], false);
    expect([...tally.missing]).toEqual([id]);
  });

  it("a claim under the ETag tells of a rejection, in a thorough look", async () => {
    const tally = new Tally();
    const { id, version } = await land(tally, "a", "{");
    const source = { bucket: "bronze", key: "a", version };
    await s3.client.send(
      new PutObjectCommand({
        Bucket: "staging",
        Key: claimKey("bronze", "a", version),
        Body: JSON.stringify({ source, rejected, supersededBy: "etag:2", requestId: "r" }),
      }),
    );
    const claims = byEtag(new ClaimProof(s3.client, "staging", "bronze"), true);
    await settleAll(tally, [claims], false);
    expect([...tally.missing]).toEqual([id]);
    await settleAll(tally, [claims], true);
    expect(tally.endOf(id)).toEqual({ state: "rejected", supersededBy: "etag:2", ...rejected });
  });
});

it("where events name versions by id, no object is asked for", async () => {
  const tally = new Tally();
  const { id } = await land(tally, "a", "1");
  await settleAll(tally, [byEtag(finds(id))], false);
  expect(tally.counts).toMatchObject({ processed: 1, missing: 0 });
  expect(heads).toBe(0);
});

function byEtag(proof: Proof, byName = false): Proof {
  return new ProofByEtag(proof, new EtagNames(s3.client, "bronze"), byName);
}
