import { beforeEach, describe, expect, it } from "vitest";
import { Claims, claimKey, type OutputClaim } from "../../../src/lambda/shared/claims.ts";
import { FakeS3, S3Fault } from "./fake-s3.ts";

const source = { bucket: "bronze", key: "raw/tracks/t.json", version: "v1" };
const KEY = claimKey(source.bucket, source.key, source.version);
const NOW = Date.UTC(2026, 0, 1);

const claim = (output: string, expiresAt = NOW + 10_000): OutputClaim => ({
  source,
  output,
  requestId: "r",
  expiresAt,
});

let s3: FakeS3;
let claims: Claims;
beforeEach(() => {
  s3 = new FakeS3();
  claims = new Claims(s3.client, "staging", () => NOW);
});

const held = () => JSON.parse(s3.get("staging", KEY)?.toString() ?? "null");

describe("a claim", () => {
  it("is won by the first, and keeps the second away until it expires", async () => {
    expect(await claims.take(claim("one"))).toBe("won");
    expect(await claims.take(claim("two"))).toBe("busy");
    expect(held()).toEqual(claim("one"));
  });

  it("whose request was retried, the first attempt having got through, is one's own", async () => {
    await claims.take(claim("one"));
    expect(await claims.take(claim("one"))).toBe("won");
  });

  it("is done once its output exists", async () => {
    await claims.take(claim("one"));
    s3.put("staging", "one", "parquet");
    expect(await claims.take(claim("two"))).toBe("done");
  });

  it("is taken over when it has expired without its output", async () => {
    await claims.take(claim("one", NOW - 1));
    expect(await claims.take(claim("two"))).toBe("won");
    expect(held()).toEqual(claim("two"));
  });

  it("is taken over by one of two", async () => {
    await claims.take(claim("one", NOW - 1));
    s3.before = (command) => {
      // Between this one's look for the output and its write, another takes the claim.
      if (command === "HeadObject") s3.put("staging", KEY, JSON.stringify(claim("three")));
    };
    expect(await claims.take(claim("two"))).toBe("busy");
    expect(held()).toEqual(claim("three"));
  });

  it("is unknown when S3 doesn't answer, since it may have been stored", async () => {
    s3.after = () => {
      throw new S3Fault("TimeoutError");
    };
    expect(await claims.take(claim("one"))).toBe("unknown");
    expect(held()).toEqual(claim("one"));
  });

  it("that S3 denies was not stored, and is an error", async () => {
    s3.before = () => {
      throw new S3Fault("AccessDenied", 403);
    };
    await expect(claims.take(claim("one"))).rejects.toThrow("AccessDenied");
  });
});

describe("a rejection", () => {
  const rejection = {
    source,
    rejected: { errorCode: "NOT_JSON", path: "", message: "Not JSON" },
    supersededBy: "v2",
    requestId: "r",
  } as const;

  it("ends the version for good", async () => {
    await claims.reject(rejection, undefined);
    expect(await claims.take(claim("one"))).toBe("done");
    expect((await claims.read(source))?.body).toEqual(rejection);
  });

  it("does not replace a claim that was not there when it was decided", async () => {
    await claims.take(claim("one"));
    await expect(claims.reject(rejection, undefined)).rejects.toThrow("could not be marked as rejected");
    expect(held()).toEqual(claim("one"));
  });
});
