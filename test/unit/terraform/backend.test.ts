import { describe, expect, it } from "vitest";
import {
  backendBlock,
  formatBackend,
  lockKey,
  parseBackend,
  stateKey,
} from "../../../src/terraform/backend.ts";

const place = { project: "edp", env: "prod", region: "eu-west-1", endpointUrl: null };

describe("the state backend", () => {
  it("is local or a bucket with a prefix", () => {
    expect(parseBackend("local")).toEqual({ kind: "local" });
    expect(parseBackend("s3://my-state/teams/data/")).toEqual({
      kind: "s3",
      bucket: "my-state",
      prefix: "teams/data",
    });
    expect(parseBackend("s3://my-state")).toEqual({ kind: "s3", bucket: "my-state", prefix: "" });
  });

  it.each(["s3://", "s3://UPPER/x", "gs://bucket", "s3:/bucket", "s3://a", ""])("refuses %j", (text) => {
    expect(() => parseBackend(text)).toThrow(/state backend/);
  });

  it("is written as it was read", () => {
    for (const text of ["local", "s3://my-state/teams/data", "s3://my-state"]) {
      expect(formatBackend(parseBackend(text))).toBe(text);
    }
  });

  it("keeps each environment of each project apart, the lock beside the state", () => {
    expect(stateKey({ prefix: "teams" }, "edp", "prod")).toBe("teams/edp/prod/terraform.tfstate");
    expect(lockKey({ prefix: "" }, "edp", "prod")).toBe("edp/prod/terraform.tfstate.tflock");
  });

  it("names no absolute path and no credentials", () => {
    expect(backendBlock({ kind: "local" }, place)).toEqual({
      terraform: { backend: { local: { path: "../terraform.tfstate" } } },
    });
    const s3 = JSON.stringify(backendBlock({ kind: "s3", bucket: "my-state", prefix: "" }, place));
    expect(s3).not.toMatch(/key_id|access_key|secret|profile|token/);
    expect(s3).toContain('"use_lockfile":true');
    expect(s3).toContain('"encrypt":true');
    expect(s3).not.toContain("endpoints");
  });

  it("reaches an emulator by path", () => {
    const block = JSON.stringify(
      backendBlock(
        { kind: "s3", bucket: "my-state", prefix: "" },
        { ...place, endpointUrl: "http://127.0.0.1:5000" },
      ),
    );
    expect(block).toContain('"use_path_style":true');
    expect(block).toContain('"s3":"http://127.0.0.1:5000"');
  });
});
