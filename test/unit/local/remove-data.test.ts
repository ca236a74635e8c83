import { existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { setAside } from "../../../src/local/remove-data.ts";

/** Above every process id that a system gives. */
const NOBODY = 2 ** 31 - 1;

function environment(): { root: string; data: string } {
  const root = mkdtempSync(path.join(tmpdir(), "edp-remove-"));
  const data = path.join(root, "data");
  mkdirSync(path.join(data, "s3", "bucket"), { recursive: true });
  writeFileSync(path.join(data, "s3", "bucket", "object"), "x");
  return { root, data };
}

describe("the data of an environment", () => {
  it("is out of the way at once, and deleted with what an interrupted deletion left", async () => {
    const { root, data } = environment();
    mkdirSync(path.join(root, `data.removed-${NOBODY}-1`));
    const remove = await setAside(data);
    expect(existsSync(data)).toBe(false);
    expect(readdirSync(root)).toHaveLength(2);
    await remove();
    expect(readdirSync(root)).toEqual([]);
  });

  it("is left to another process that is deleting it", async () => {
    const { root, data } = environment();
    mkdirSync(path.join(root, `data.removed-${process.ppid}-1`));
    await (await setAside(data))();
    expect(readdirSync(root)).toEqual([`data.removed-${process.ppid}-1`]);
  });

  it("takes nothing along that a link in it points to", async () => {
    const { root, data } = environment();
    const other = path.join(root, "other");
    mkdirSync(other);
    symlinkSync(other, path.join(data, "link"));
    await (await setAside(data))();
    expect(readdirSync(root)).toEqual(["other"]);
  });

  it("need not be there", async () => {
    const { root } = environment();
    await (await setAside(path.join(root, "nothing")))();
    expect(readdirSync(root)).toEqual(["data"]);
  });
});
