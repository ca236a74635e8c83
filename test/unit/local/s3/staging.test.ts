import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Metadata, readMetadata, readSmall } from "../../../../src/local/s3/record.ts";
import { stage } from "../../../../src/local/s3/staging.ts";
import { temporaryDirectory } from "../../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let target: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
  target = path.join(directory.path, "object");
});
afterEach(async () => {
  vi.restoreAllMocks();
  await directory.remove();
});

const metadata = (size: number, more: Partial<Metadata> = {}): Metadata => ({
  key: "k",
  sequence: 1,
  versionId: null,
  size,
  etag: "e",
  modified: 0,
  headers: {},
  user: {},
  checksums: {},
  ...more,
});

async function* pieces(...sizes: number[]): AsyncGenerator<Buffer> {
  for (const size of sizes) yield Buffer.alloc(size, 1);
}

function open<T>(file: string, use: (fd: number) => T): T {
  const fd = fs.openSync(file, "r");
  try {
    return use(fd);
  } finally {
    fs.closeSync(fd);
  }
}

const diskFull = () => {
  throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
};

describe("a staged payload", () => {
  it.each([[[10]], [[]], [[100_000, 100_000]], [[1_000_000, 5]]])(
    "of pieces of %j bytes is read back",
    async (sizes) => {
      const staged = await stage(pieces(...sizes), { directory: directory.path });
      const size = sizes.reduce((sum, bytes) => sum + bytes, 0);
      staged.publish(target, metadata(size));
      expect(fs.readdirSync(directory.path)).toEqual(["object"]);
      expect(open(target, (fd) => readMetadata(fd, target))).toEqual(metadata(size));
      expect(fs.readFileSync(target).subarray(0, size).equals(Buffer.alloc(size, 1))).toBe(true);
    },
  );

  it("may have more metadata than one read of the file's end takes", async () => {
    const wide = metadata(3, { partSizes: Array.from({ length: 10_000 }, (_, n) => n), user: { a: "ü" } });
    (await stage(pieces(3), { directory: directory.path })).publish(target, wide);
    expect(open(target, (fd) => readMetadata(fd, target))).toEqual(wide);
    expect(open(target, (fd) => readSmall(fd, 3, target))).toEqual({
      payload: Buffer.alloc(3, 1),
      metadata: wide,
    });
  });

  it("that is discarded leaves no file, small or large", async () => {
    for (const size of [10, 1_000_000]) (await stage(pieces(size), { directory: directory.path })).discard();
    expect(fs.readdirSync(directory.path)).toEqual([]);
  });

  it("that fails midway leaves no file", async () => {
    async function* broken() {
      yield Buffer.alloc(1_000_000);
      throw new Error("the client is gone");
    }
    await expect(stage(broken(), { directory: directory.path })).rejects.toThrow("the client is gone");
    expect(fs.readdirSync(directory.path)).toEqual([]);
  });

  it.each([
    ["writing", "writeSync"],
    ["renaming", "renameSync"],
  ] as const)("leaves the object that was there when the disk is full on %s", async (_step, call) => {
    (await stage(pieces(3), { directory: directory.path })).publish(target, metadata(3));
    const staged = await stage(pieces(200_000), { directory: directory.path });
    vi.spyOn(fs, call).mockImplementation(diskFull);
    expect(() => staged.publish(target, metadata(200_000))).toThrow("no space left");
    vi.restoreAllMocks();
    expect(fs.readdirSync(directory.path)).toEqual(["object"]);
    expect(open(target, (fd) => readMetadata(fd, target))).toEqual(metadata(3));
  });
});

describe("a stored file", () => {
  it.each([
    ["cut short", (bytes: Buffer) => bytes.subarray(0, -1)],
    ["empty", () => Buffer.alloc(0)],
    [
      "altered in its metadata",
      (bytes: Buffer) => Buffer.from(bytes.toString("latin1").replace('"k"', '"x"'), "latin1"),
    ],
  ])("that is %s is told by name", async (_damage, damage) => {
    (await stage(pieces(3), { directory: directory.path })).publish(target, metadata(3));
    fs.writeFileSync(target, damage(fs.readFileSync(target)));
    expect(() => open(target, (fd) => readMetadata(fd, target))).toThrow(`${target} is damaged`);
  });
});
