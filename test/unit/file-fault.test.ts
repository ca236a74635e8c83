import { mkdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { fileFault } from "../../src/file-fault.ts";

const fault = (code: string, syscall: string, path?: string) =>
  Object.assign(new Error(`${code}: as Node says it`), { code, syscall, path });

describe("a fault of the file system", () => {
  it.each([
    ["ENOSPC", "write", "no space is left on the disk"],
    ["EDQUOT", "open", "the disk quota is used up"],
    ["EROFS", "mkdir", "the file system is read-only"],
    ["EACCES", "open", "permission denied"],
    ["ENOENT", "mkdir", "the place is not writable"],
  ])("%s of %s is the user's to mend, and names the path", (code, syscall, reason) => {
    expect(fileFault(fault(code, syscall, "/data/x"))).toMatchObject({
      exitCode: 3,
      code: "NOT_WRITABLE",
      message: `/data/x cannot be used: ${reason}.`,
    });
  });

  it("is seen as Node really throws it", async () => {
    const error = await mkdir("/proc/edp/x").catch((thrown: unknown) => thrown);
    expect(fileFault(error)?.message).toBe("/proc/edp/x cannot be used: the place is not writable.");
  });

  it.each([
    ["EACCES", "listen"],
    ["EACCES", "spawn terraform"],
    ["ENOENT", "open"],
    ["EISDIR", "read"],
  ])("is not %s of %s", (code, syscall) => {
    expect(fileFault(fault(code, syscall, "/data/x"))).toBeUndefined();
  });
});
