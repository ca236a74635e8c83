import { chmod, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../../../src/errors.ts";
import { compareVersions, findTerraform } from "../../../src/terraform/binary.ts";
import { temporaryDirectory } from "../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

async function install(name: string, output: string): Promise<string> {
  const folder = path.join(directory.path, name);
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, name);
  await writeFile(file, `#!/bin/sh\necho '${output}'\n`);
  await chmod(file, 0o755);
  return file;
}
const version = (text: string) => JSON.stringify({ terraform_version: text });

describe("finding Terraform", () => {
  it("takes terraform before tofu, and tofu where there is no terraform", async () => {
    const tofu = await install("tofu", version("1.11.0"));
    expect(await findTerraform({ PATH: path.dirname(tofu) })).toEqual({
      path: tofu,
      product: "tofu",
      version: "1.11.0",
    });
    const terraform = await install("terraform", version("1.14.0"));
    const both = { PATH: [tofu, terraform].map((file) => path.dirname(file)).join(":") };
    expect(await findTerraform(both)).toMatchObject({ product: "terraform", version: "1.14.0" });
    expect(await findTerraform({ ...both, EDP_TERRAFORM: tofu })).toMatchObject({ product: "tofu" });
  });

  it("says that there is none, and what to do", async () => {
    await expect(findTerraform({ PATH: directory.path })).rejects.toMatchObject({
      code: "TERRAFORM_MISSING",
      exitCode: EXIT.terraform,
    });
    await expect(findTerraform({ PATH: "", EDP_TERRAFORM: "/nowhere/terraform" })).rejects.toThrow(
      /EDP_TERRAFORM names \/nowhere/,
    );
  });

  it("refuses one that is too old, by number and not by letter", async () => {
    const old = await install("terraform", version("1.9.8"));
    await expect(findTerraform({ PATH: path.dirname(old) })).rejects.toMatchObject({
      code: "TERRAFORM_TOO_OLD",
    });
    expect(compareVersions("1.9.8", "1.10.0")).toBeLessThan(0);
    expect(compareVersions("1.10.0", "1.10.0")).toBe(0);
    expect(compareVersions("2.0.0", "1.10.0")).toBeGreaterThan(0);
    expect(compareVersions("1.12.0-beta1", "1.12.0")).toBe(0);
  });

  it("refuses a program of that name which is something else", async () => {
    const other = await install("terraform", "hello");
    await expect(findTerraform({ PATH: path.dirname(other) })).rejects.toThrow(/does not tell its version/);
  });
});
