import { type Context, LOCAL_ENV } from "../../context.ts";
import { InvalidInputError } from "../../errors.ts";
import { systemPause } from "../pause.ts";
import { artistPrompt } from "./choose-artist.ts";
import { SpotifyClient } from "./client.ts";
import { Crawl } from "./crawl.ts";
import { findCredentials } from "./credentials.ts";
import { type CrawlQuery, type Cursor, cursorPath, readCursor, sameQuery } from "./cursor.ts";

/** Requests to Spotify at once where `--concurrency` says nothing. */
const DEFAULT_CONCURRENCY = 4;
/** A rerun goes on from a cursor of this age at most; `--resume` from any. */
const CURSOR_FRESH_MS = 7 * 24 * 60 * 60 * 1000;

export interface OpenCrawl {
  crawl: Crawl;
  client: SpotifyClient;
  cursorFile: string;
}

/**
 * Opens a crawl: from where an earlier one of the same query stopped, if there is such a cursor.
 * @param query null to take that of the cursor (`--resume` alone)
 * @param options.out absolute directory that objects are written to, or null for the bucket
 * @throws InvalidInputError when `--resume` finds no cursor, or one of another query or destination;
 * CredentialsError
 */
export async function openCrawl(
  context: Context,
  query: CrawlQuery | null,
  options: { resume: boolean; concurrency: number | undefined; out: string | null },
): Promise<OpenCrawl> {
  const cursorFile = cursorPath(context.directory, context.env);
  const saved = await readCursor(cursorFile);
  const cursor = usable(context, saved, query, options);
  const asked = query ?? cursor?.query;
  if (!asked) throw noCursor(cursorFile);
  if (cursor) {
    const done = `${cursor.albums.length} albums and ${cursor.tracks.length} more tracks have landed`;
    context.terminal.note(`Going on where the crawl of ${cursor.savedAt} stopped (${done}).`);
  }
  const { variables } = context;
  const client = new SpotifyClient({
    apiUrl: apiUrl(variables.EDP_SPOTIFY_API_URL || "https://api.spotify.com/v1"),
    accountsUrl: baseUrl(
      "EDP_SPOTIFY_ACCOUNTS_URL",
      variables.EDP_SPOTIFY_ACCOUNTS_URL || "https://accounts.spotify.com",
    ),
    credentials: await findCredentials(context),
    concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
    pause: systemPause,
    now: context.now,
    random: Math.random,
    signal: context.signal,
    note: context.terminal.note,
    resumeCommand: `npx edp ingest spotify --resume${context.env === LOCAL_ENV ? "" : ` --env ${context.env}`}`,
  });
  return { client, cursorFile, crawl: new Crawl(client, asked, artistPrompt(context), cursor) };
}

/**
 * Directory that the crawl to be resumed wrote to, or undefined for the bucket.
 * @throws InvalidInputError when there is no crawl to resume
 */
export async function resumedOut(context: Context): Promise<string | undefined> {
  const file = cursorPath(context.directory, context.env);
  const saved = await readCursor(file);
  if (!saved) throw noCursor(file);
  return saved.out ?? undefined;
}

function usable(
  context: Context,
  saved: Cursor | undefined,
  query: CrawlQuery | null,
  { resume, out }: { resume: boolean; out: string | null },
): Cursor | undefined {
  if (!saved) {
    if (resume) throw noCursor(cursorPath(context.directory, context.env));
    return undefined;
  }
  // What has landed in one place is missing in another: there the crawl begins anew.
  const same = (query === null || sameQuery(saved.query, query)) && saved.out === out;
  if (resume && !same) {
    throw new InvalidInputError("The crawl that stopped asked for something else.", {
      code: "CURSOR_MISMATCH",
      hint: `It was: ${describe(saved)}. Give --resume alone, or leave it out to begin anew.`,
    });
  }
  const fresh = context.now() - Date.parse(saved.savedAt) < CURSOR_FRESH_MS;
  return same && (resume || fresh) ? saved : undefined;
}

function noCursor(file: string): InvalidInputError {
  return new InvalidInputError(`There is no crawl to resume: ${file} does not exist.`, {
    code: "NO_CURSOR",
    hint: "Leave --resume out to begin one, with --artist or --artist-id.",
  });
}

function describe({ query, out }: Cursor): string {
  const words = [
    ...query.artists.map((name) => `--artist ${JSON.stringify(name)}`),
    ...query.artistIds.map((id) => `--artist-id ${id}`),
    ...(query.market === null ? [] : [`--market ${query.market}`]),
    `--include ${query.include.join(",")}`,
    ...(out === null ? [] : [`--out ${out}`]),
  ];
  return words.join(" ");
}

/** A base URL without a path is given the API's `/v1`. */
function apiUrl(text: string): string {
  const url = baseUrl("EDP_SPOTIFY_API_URL", text);
  return new URL(url).pathname === "/" ? `${url}/v1` : url;
}

function baseUrl(variable: string, text: string): string {
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    throw new InvalidInputError(`${variable} is no http(s) URL: ${text}`);
  }
  return text.replace(/\/+$/, "");
}
