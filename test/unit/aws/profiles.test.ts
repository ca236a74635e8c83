import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { listProfiles } from "../../../src/aws/profiles.ts";
import { KNOWN_REGIONS, partitionOf, unknownRegion } from "../../../src/aws/regions.ts";
import { REGION } from "../../../src/config.ts";
import { temporaryDirectory } from "../../support/services.ts";

describe("AWS profiles", () => {
  it("come from both files, with their regions and without other sections", async () => {
    const home = await temporaryDirectory();
    await mkdir(path.join(home.path, ".aws"));
    await writeFile(
      path.join(home.path, ".aws", "config"),
      '[default]\nregion = eu-west-1\n[sso-session corp]\nsso_region = us-east-1\n[profile "team a"]\nregion=us-east-2\n',
    );
    await writeFile(path.join(home.path, ".aws", "credentials"), "[keys]\r\naws_access_key_id = A\r\n");
    expect(Object.fromEntries(await listProfiles({ HOME: home.path }))).toEqual({
      keys: {},
      default: { region: "eu-west-1" },
      "team a": { region: "us-east-2" },
    });
    await home.remove();
  });

  it("are none where there are no files", async () => {
    expect(await listProfiles({ HOME: "/nonexistent" })).toEqual(new Map());
  });
});

describe("AWS regions", () => {
  it("all have the shape that the configuration asks for", () => {
    expect(KNOWN_REGIONS.filter((region) => !REGION.test(region))).toEqual([]);
    expect(new Set(KNOWN_REGIONS).size).toBe(KNOWN_REGIONS.length);
  });

  it("that are unknown come with those of their area", () => {
    expect(unknownRegion("eu-central-1")).toBeUndefined();
    expect(unknownRegion("ap-soutleast-1")).toMatch(/ap-southeast-1/);
    expect(unknownRegion("ap-soutleast-1")).not.toMatch(/eu-west-1/);
  });

  it("belong to a partition", () => {
    expect(["eu-west-1", "cn-north-1", "us-gov-east-1"].map((region) => partitionOf(region).name)).toEqual([
      "aws",
      "aws-cn",
      "aws-us-gov",
    ]);
  });
});
