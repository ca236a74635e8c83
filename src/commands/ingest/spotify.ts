import path from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { defineCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { UsageError } from "../../errors.ts";
import type { IngestRequest } from "../../ingest/ingest.ts";
import { type IngestResult, ingestExitCode, renderIngest } from "../../ingest/result.ts";
import type { CrawlQuery } from "../../ingest/spotify/cursor.ts";

/** What is fetched, read or made up. */
type Input =
  | { kind: "artists"; query: CrawlQuery | null; resume: boolean }
  | { kind: "recorded"; from: string }
  | { kind: "sample"; tracks: number; seed: number };

interface Options {
  input: Input;
  concurrency: number | undefined;
  out: string | undefined;
  waitSeconds: number | undefined;
  dryRun: boolean;
}

/** Values of Spotify's `include_groups`. */
const ALBUM_GROUPS = ["album", "single", "appears_on", "compilation"];
const DEFAULT_GROUPS = ["album", "single"];
const DEFAULT_SAMPLE = 100;
const MAX_SAMPLE = 10_000_000;
const DEFAULT_WAIT_SECONDS = 300;
const MAX_CONCURRENCY = 256;
/** Key of the bucket in `terraform/pipelines/spotify.json`. */
const LANDING_BUCKET = "bronze";

export default defineCommand<Options, IngestResult>({
  configure(command) {
    addInputFlags(command)
      .option(
        "--concurrency <n>",
        "requests at once (default: 4 to Spotify, 32 to the bucket)",
        integer(1, MAX_CONCURRENCY),
      )
      .option("--out <dir>", "write files instead of uploading; needs no environment")
      .option(
        "--wait [seconds]",
        `wait until every object is processed (default: ${DEFAULT_WAIT_SECONDS})`,
        integer(0, 86_400),
      )
      .option("--dry-run", "say what would be sent, send nothing")
      .addHelpText(
        "after",
        `
Examples:
  $ edp ingest spotify --sample 1000 --wait         made-up data, no account needed
  $ edp ingest spotify --from recorded/ --wait 60   recorded API responses, split into objects
  $ edp ingest spotify --artist "Björk" --include album,single --market IS
  $ edp ingest spotify --artist-id 7w29UYBi0qsHi5RTcv3lmA --out data/
  $ edp ingest spotify --resume                     go on where a used-up quota stopped a crawl

Exactly one of --artist/--artist-id, --from and --sample. Credentials: SPOTIFY_CLIENT_ID and
SPOTIFY_CLIENT_SECRET in the environment or in .env, else a prompt. What has landed unchanged is skipped, a
full entity is never replaced by its short form. Exit 6: something failed; 8: --wait found dead letters or
missing objects.`,
      );
  },
  options: (_args, flags) => parseOptions(flags),
  async run(options, context) {
    const [{ ingest }, { loadDeployment }] = await Promise.all([
      import("../../ingest/ingest.ts"),
      import("../../topology/load-deployment.ts"),
    ]);
    const { input, dryRun, concurrency, waitSeconds } = options;
    const out = options.out ?? (await savedOut(context, options));
    const deployment = out === undefined ? await loadDeployment(context) : null;
    const request = {
      pipeline: "spotify",
      landingBucket: LANDING_BUCKET,
      deployment,
      out,
      dryRun,
      concurrency,
      waitSeconds,
    };
    if (input.kind === "artists") return crawl(context, input, request);
    const source =
      input.kind === "recorded"
        ? await (await import("../../ingest/spotify/recorded.ts")).openRecorded(input.from)
        : (await import("../../ingest/spotify/sample.ts")).createSample(input.tracks, input.seed);
    return (await ingest(context, { ...request, source })).result;
  },
  exitCode: ingestExitCode,
  render: (result, { terminal }) => renderIngest(result, terminal),
});

/** `--resume` goes on where the crawl wrote to. @throws UsageError when there is nothing to wait for there */
async function savedOut(context: Context, { input, waitSeconds }: Options): Promise<string | undefined> {
  if (input.kind !== "artists" || !input.resume) return undefined;
  const { resumedOut } = await import("../../ingest/spotify/source.ts");
  const out = await resumedOut(context);
  if (out !== undefined && waitSeconds !== undefined) {
    throw new UsageError(`--wait needs objects in a pipeline: the crawl to resume wrote to ${out}.`);
  }
  return out;
}

/** Crawls, and keeps a cursor where Spotify gave nothing more, until a later run has everything. */
async function crawl(
  context: Context,
  input: Extract<Input, { kind: "artists" }>,
  request: Omit<IngestRequest, "source">,
): Promise<IngestResult> {
  const [{ ingest }, { openCrawl }, { removeCursor, writeCursor }] = await Promise.all([
    import("../../ingest/ingest.ts"),
    import("../../ingest/spotify/source.ts"),
    import("../../ingest/spotify/cursor.ts"),
  ]);
  const out = request.out === undefined ? null : path.resolve(context.directory, request.out);
  const opened = await openCrawl(context, input.query, {
    out,
    resume: input.resume,
    concurrency: request.concurrency,
  });
  try {
    const { result, report } = await ingest(context, { ...request, source: opened.crawl });
    if (request.dryRun) return result;
    if (opened.crawl.stopped()) {
      await writeCursor(opened.cursorFile, opened.crawl.cursor(context.now(), report.failedOrigins), out);
    } else if (!result.stopped && result.failed === 0) await removeCursor(opened.cursorFile);
    return result;
  } finally {
    await opened.client.close();
  }
}

function addInputFlags(command: Command): Command {
  return command
    .option("--artist <name>", "artist by name, repeatable", collect)
    .option("--artist-id <id>", "artist by Spotify id, repeatable", collect)
    .option("--market <country>", "two-letter country that the catalogue is seen from")
    .option("--include <groups>", `of ${ALBUM_GROUPS.join(",")} (default: ${DEFAULT_GROUPS.join(",")})`)
    .option("--resume", "go on where a crawl was stopped by a quota or a rate limit")
    .option("--from <path>", "recorded API responses: a JSON or NDJSON file, or a directory of these")
    .option(
      "--sample [tracks]",
      `made-up tracks with albums and artists (default: ${DEFAULT_SAMPLE})`,
      integer(1, MAX_SAMPLE),
    )
    .option("--seed <n>", "seed of --sample (default: 1)", integer(0, Number.MAX_SAFE_INTEGER));
}

function parseOptions(flags: Record<string, unknown>): Options {
  const options: Options = {
    input: parseInput(flags),
    concurrency: flags.concurrency as number | undefined,
    out: flags.out as string | undefined,
    waitSeconds: flags.wait === true ? DEFAULT_WAIT_SECONDS : (flags.wait as number | undefined),
    dryRun: flags.dryRun === true,
  };
  if (options.waitSeconds !== undefined && (options.out !== undefined || options.dryRun)) {
    throw new UsageError("--wait needs objects in a pipeline: it goes with neither --out nor --dry-run.");
  }
  return options;
}

function parseInput(flags: Record<string, unknown>): Input {
  const artists = (flags.artist as string[] | undefined) ?? [];
  const artistIds = (flags.artistId as string[] | undefined) ?? [];
  const named = artists.length + artistIds.length > 0;
  const resume = flags.resume === true;
  const given = [
    ...(named || resume ? ["--artist"] : []),
    ...(flags.from === undefined ? [] : ["--from"]),
    ...(flags.sample === undefined ? [] : ["--sample"]),
  ];
  if (given.length !== 1) {
    throw new UsageError(
      given.length === 0 ? "Nothing to ingest." : `${given.join(" and ")} exclude each other.`,
      {
        hint: "Give exactly one of --artist/--artist-id, --from PATH and --sample [N]; try: npx edp ingest spotify --sample 100",
      },
    );
  }
  const ofCrawl = ["market", "include"].filter((flag) => flags[flag] !== undefined);
  if (given[0] !== "--artist" && ofCrawl.length > 0) {
    throw new UsageError(`--${ofCrawl.join(" and --")} only goes with --artist or --artist-id.`);
  }
  if (given[0] !== "--sample" && flags.seed !== undefined)
    throw new UsageError("--seed only goes with --sample.");
  if (given[0] === "--from") return { kind: "recorded", from: String(flags.from) };
  if (given[0] === "--sample") {
    const tracks = flags.sample === true ? DEFAULT_SAMPLE : Number(flags.sample);
    return { kind: "sample", tracks, seed: Number(flags.seed ?? 1) };
  }
  const query = named
    ? { artists, artistIds, market: parseMarket(flags.market), include: parseGroups(flags.include) }
    : null;
  if (!query && ofCrawl.length > 0) {
    throw new UsageError(`--${ofCrawl.join(" and --")} cannot be changed by --resume alone.`);
  }
  return { kind: "artists", query, resume };
}

function parseMarket(value: unknown): string | null {
  if (value === undefined) return null;
  const market = String(value).toUpperCase();
  if (!/^[A-Z]{2}$/.test(market))
    throw new UsageError(`--market is a two-letter country, not ${JSON.stringify(value)}.`);
  return market;
}

function parseGroups(value: unknown): string[] {
  if (value === undefined) return DEFAULT_GROUPS;
  const groups = String(value)
    .split(",")
    .map((group) => group.trim());
  const unknown = groups.filter((group) => !ALBUM_GROUPS.includes(group));
  if (unknown.length > 0) {
    throw new UsageError(
      `--include does not know ${unknown.map((group) => JSON.stringify(group)).join(", ")}.`,
      {
        hint: `It takes ${ALBUM_GROUPS.join(", ")}, separated by commas.`,
      },
    );
  }
  return [...new Set(groups)];
}

function collect(value: string, before: string[] = []): string[] {
  if (value.trim() === "") throw new InvalidArgumentError("It must not be empty.");
  return [...before, value];
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}
