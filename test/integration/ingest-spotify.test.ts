import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import command from "../../src/commands/ingest/spotify.ts";
import type { IngestResult } from "../../src/ingest/result.ts";
import { testContext } from "../support/context.ts";
import { CLIENT, type FakeSpotify, startFakeSpotify } from "../support/fake-spotify.ts";
import { temporaryDirectory } from "../support/services.ts";
import { recordTerminal } from "../support/terminal.ts";

let fake: FakeSpotify;
let project: Awaited<ReturnType<typeof temporaryDirectory>>;
let stderr: string;
beforeEach(async () => {
  [fake, project] = await Promise.all([startFakeSpotify(), temporaryDirectory()]);
});
afterEach(async () => {
  await fake.close();
  await project.remove();
});

/** Runs `edp ingest spotify ...words` in the project directory. */
async function run(words: string[], variables: NodeJS.ProcessEnv = credentials()): Promise<IngestResult> {
  const parser = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  command.configure(parser);
  parser.parse(words, { from: "user" });
  const terminal = recordTerminal();
  const context = testContext(project.path, { terminal, variables: { ...addresses(), ...variables } });
  const result = (await command.run(command.options(parser.args, parser.opts()), context)) as IngestResult;
  command.render(result, context);
  stderr = terminal.stderr;
  return result;
}

const addresses = () => ({ EDP_SPOTIFY_API_URL: fake.apiUrl, EDP_SPOTIFY_ACCOUNTS_URL: fake.accountsUrl });
const credentials = () => ({
  SPOTIFY_CLIENT_ID: CLIENT.clientId,
  SPOTIFY_CLIENT_SECRET: CLIENT.clientSecret,
});
const artistId = () => String(fake.artists[0]?.id);
const out = () => path.join(project.path, "data");
const cursorFile = () => path.join(project.path, ".edp", "local", "ingest", "spotify-cursor.json");
const files = async (dataset: string) => (await readdir(path.join(out(), "raw", dataset))).sort();

describe("edp ingest spotify --artist-id", () => {
  it("writes artist, albums and tracks as files, the second time nothing", async () => {
    const first = await run(["--artist-id", artistId(), "--out", out()]);
    expect(first).toMatchObject({ failed: 0, skipped: 0, stopped: null });
    const [track] = await files("tracks");
    const written = JSON.parse(await readFile(path.join(out(), "raw", "tracks", String(track)), "utf8"));
    expect(written).toEqual(fake.tracks.get(String(track).replace(".json", "")));
    const second = await run(["--artist-id", artistId(), "--out", out()]);
    expect(second).toMatchObject({ accepted: 0, skipped: first.accepted });
  });

  it("keeps a cursor when the quota ends, goes on from it, and forgets it when all is there", async () => {
    fake.faults.quota = 8;
    const first = await run(["--artist-id", artistId(), "--out", out()]);
    expect(command.exitCode?.(first)).toBe(6);
    expect(first.stopped?.code).toBe("QUOTA_EXCEEDED");
    expect(stderr).toContain("npx edp ingest spotify --resume");
    fake.faults.quota = undefined;
    fake.requests.length = 0;
    const second = await run(["--resume", "--out", out()]);
    expect(second).toMatchObject({ failed: 0, stopped: null });
    expect(stderr).toContain("Going on where the crawl");
    await expect(readFile(cursorFile())).rejects.toMatchObject({ code: "ENOENT" });
    const got = (await files("tracks")).length;
    // A crawl from the beginning finds nothing that is missing.
    expect(await run(["--artist-id", artistId(), "--out", out()])).toMatchObject({ accepted: 0 });
    expect((await files("tracks")).length).toBe(got);
  });

  it("goes on in the directory that the stopped crawl wrote to", async () => {
    fake.faults.quota = 8;
    await run(["--artist-id", artistId(), "--out", "data"]);
    fake.faults.quota = undefined;
    const rest = await run(["--resume"]);
    expect(rest).toMatchObject({ directory: out(), failed: 0, stopped: null });
    expect(rest.accepted).toBeGreaterThan(0);
  });

  it("begins anew where the same crawl is to go elsewhere, and resumes nothing there", async () => {
    fake.faults.quota = 8;
    const first = await run(["--artist-id", artistId(), "--out", out()]);
    fake.faults.quota = undefined;
    await expect(run(["--resume", "--out", "elsewhere"])).rejects.toMatchObject({
      code: "CURSOR_MISMATCH",
      hint: expect.stringContaining(`--out ${out()}`),
    });
    await expect(run(["--resume", "--wait"])).rejects.toMatchObject({ exitCode: 2 });
    const whole = await run(["--artist-id", artistId(), "--out", "elsewhere"]);
    expect(stderr).not.toContain("Going on where");
    expect(whole.accepted).toBeGreaterThan(first.accepted);
  });

  it("goes on by itself when the same command is given again", async () => {
    fake.faults.quota = 8;
    await run(["--artist-id", artistId(), "--out", out()]);
    fake.faults.quota = undefined;
    await run(["--artist-id", artistId(), "--out", out()]);
    expect(stderr).toContain("Going on where the crawl");
  });

  it("does not go on with another crawl's cursor", async () => {
    fake.faults.quota = 8;
    await run(["--artist-id", artistId(), "--out", out()]);
    fake.faults.quota = undefined;
    await expect(run(["--artist-id", "other", "--resume", "--out", out()])).rejects.toMatchObject({
      code: "CURSOR_MISMATCH",
      hint: expect.stringContaining(artistId()),
    });
  });

  it("keeps the secret out of everything it writes", async () => {
    fake.faults.quota = 8;
    const result = await run(["--artist-id", artistId(), "--out", out()]);
    const manifest = await readFile(path.join(project.path, String(result.manifest)), "utf8");
    const cursor = await readFile(cursorFile(), "utf8");
    expect(`${manifest}${cursor}${stderr}${JSON.stringify(result)}`).not.toContain(CLIENT.clientSecret);
  });
});

describe("Spotify credentials", () => {
  it("are found in .env", async () => {
    const lines = Object.entries(credentials()).map(([name, value]) => `export ${name}="${value}" # mine`);
    await writeFile(path.join(project.path, ".env"), `${lines.join("\n")}\n`);
    expect((await run(["--artist-id", artistId(), "--out", out()], {})).accepted).toBeGreaterThan(0);
  });

  it("in the environment come before those in .env", async () => {
    await writeFile(path.join(project.path, ".env"), "SPOTIFY_CLIENT_ID=x\nSPOTIFY_CLIENT_SECRET=y\n");
    expect((await run(["--artist-id", artistId(), "--out", out()])).accepted).toBeGreaterThan(0);
  });

  it("that are missing are named, with the way to get them", async () => {
    const variables = { SPOTIFY_CLIENT_ID: "x" };
    await expect(run(["--artist-id", artistId(), "--out", out()], variables)).rejects.toMatchObject({
      exitCode: 4,
      message: "Spotify needs an app's credentials: SPOTIFY_CLIENT_SECRET not set.",
      hint: expect.stringContaining("developer.spotify.com/dashboard"),
    });
  });
});

describe("edp ingest spotify --from", () => {
  it("refuses an input of which nothing can be used, with the reasons", async () => {
    const file = path.join(project.path, "half.json");
    await writeFile(file, '{"id": "1", "na');
    await expect(run(["--from", file, "--out", out()])).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(`Nothing of the input can be used: ${file}: `),
      data: { rejectedInputs: [expect.objectContaining({ file })] },
    });
  });

  it("counts what is broken where the rest can be used", async () => {
    const [artist] = fake.artists;
    await writeFile(path.join(project.path, "a.json"), JSON.stringify(artist));
    await writeFile(path.join(project.path, "b.json"), "{");
    const result = await run(["--from", project.path, "--out", out()]);
    expect(result).toMatchObject({ accepted: 1, failed: 1 });
    expect(command.exitCode?.(result)).toBe(6);
  });
});

describe("the flags of edp ingest spotify", () => {
  it.each([
    [[], "Nothing to ingest."],
    [["--sample", "5", "--from", "x"], "--from and --sample exclude each other."],
    [["--artist", "x", "--sample"], "--artist and --sample exclude each other."],
    [["--sample", "--market", "DE"], "--market only goes with --artist or --artist-id."],
    [["--from", "x", "--seed", "1"], "--seed only goes with --sample."],
    [["--artist", "x", "--market", "Germany"], '--market is a two-letter country, not "Germany".'],
    [["--artist", "x", "--include", "album,ep"], '--include does not know "ep".'],
    [
      ["--sample", "--out", "x", "--wait"],
      "--wait needs objects in a pipeline: it goes with neither --out nor --dry-run.",
    ],
  ])("%j are refused", async (words, message) => {
    await expect(run(words)).rejects.toMatchObject({ exitCode: 2, message });
  });

  it.each([
    [["--sample", "0"]],
    [["--sample", "1.5"]],
    [["--sample", "--concurrency", "0"]],
    [["--sample", "--wait", "soon"]],
  ])("%j are no numbers that make sense", async (words) => {
    await expect(run(words)).rejects.toThrow(/must be a whole number/);
  });

  it.each(["--artist", "--artist-id"])("%s needs more than an empty name", async (flag) => {
    await expect(run([flag, ""])).rejects.toThrow("It must not be empty.");
  });
});
