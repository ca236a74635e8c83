import { pMapIterable } from "p-map";
import { InvalidInputError } from "../../errors.ts";
import type { RejectedInput, Source, SourceEntity, Stop } from "../source.ts";
import type { SpotifyClient } from "./client.ts";
import type { CrawlProgress, CrawlQuery } from "./cursor.ts";
import { isEntity, isSafeId } from "./entities.ts";
import { ResourceError, SpotifyStopError } from "./errors.ts";
import { type ChooseArtist, candidates, matchArtist } from "./match-artist.ts";
import { PAGE_LIMITS, pages } from "./pages.ts";
import { split } from "./split.ts";

/** Albums whose tracks are fetched side by side; the client bounds the requests. */
const ALBUMS_AT_ONCE = 3;

type Reject = (input: RejectedInput) => void;

/** What one album gave; incomplete when the API stopped in the middle of it. */
interface AlbumHarvest {
  albumId: string;
  entities: SourceEntity[];
  faults: RejectedInput[];
  tracks: string[];
  complete: boolean;
}

/**
 * Fetches artists, their albums and the albums' tracks, each in its full form by its id (the batch endpoints
 * are closed to apps in development mode). Ends early but cleanly when the API gives nothing more for now.
 */
export class Crawl implements Source {
  readonly distinct = false;
  readonly #albums: Set<string>;
  readonly #tracks: Set<string>;
  readonly #matched: Record<string, string>;
  #stop: SpotifyStopError | undefined;
  #fetched = 0;

  constructor(
    private readonly client: SpotifyClient,
    private readonly query: CrawlQuery,
    private readonly choose: ChooseArtist | null,
    cursor?: CrawlProgress,
  ) {
    this.#albums = new Set(cursor?.albums);
    this.#tracks = new Set(cursor?.tracks);
    this.#matched = { ...cursor?.matched };
  }

  /** @throws EdpError when nothing at all could be fetched for another reason than a quota. */
  async *entities(reject: Reject): AsyncGenerator<SourceEntity> {
    try {
      for (const artistId of await this.#artistIds()) yield* this.#artist(artistId, reject);
    } catch (error) {
      if (!(error instanceof SpotifyStopError)) throw error;
      // No network at the very start is an error of its own; a quota is a stop wherever it comes.
      if (error.code === "SPOTIFY_UNREACHABLE" && this.#fetched === 0) throw error;
      this.#stop = error;
    }
  }

  stopped(): Stop | null {
    if (!this.#stop) return null;
    const { code, message, hint = "" } = this.#stop;
    return { code, message, hint };
  }

  /** Where to go on. What failed is fetched again. */
  cursor(now: number, failedOrigins: ReadonlySet<string>): CrawlProgress {
    const failedAlbums = new Set([...failedOrigins].map((origin) => origin.split("/")[1] ?? ""));
    const failedTracks = new Set([...failedOrigins].map((origin) => origin.split("/")[3] ?? ""));
    return {
      savedAt: new Date(now).toISOString(),
      query: this.query,
      matched: this.#matched,
      albums: [...this.#albums].filter((id) => !failedAlbums.has(id)),
      tracks: [...this.#tracks].filter((id) => !failedTracks.has(id)),
    };
  }

  async #artistIds(): Promise<string[]> {
    const ids = [...this.query.artistIds];
    for (const name of this.query.artists) {
      if (this.#matched[name] === undefined) {
        const { market } = this.query;
        const found = await this.client.get("/search", {
          q: name,
          type: "artist",
          limit: PAGE_LIMITS.search,
          market: market ?? undefined,
        });
        this.#matched[name] = await matchArtist(name, candidates(found), this.choose);
      }
      ids.push(this.#matched[name]);
    }
    return [...new Set(ids)];
  }

  async *#artist(artistId: string, reject: Reject): AsyncGenerator<SourceEntity> {
    const path = `/artists/${artistId}`;
    const artist = await this.client.get(path).catch((error: unknown) => {
      if (!(error instanceof ResourceError) || error.status !== 404) throw error;
      throw new InvalidInputError(`Spotify knows no artist with the id ${artistId}.`, {
        code: "ARTIST_NOT_FOUND",
        hint: "The id is the last part of the artist's Spotify link.",
      });
    });
    yield* this.#split(artist, path.slice(1), reject);
    const harvests = pMapIterable(this.#albumIds(artistId), (albumId) => this.#harvest(albumId), {
      concurrency: ALBUMS_AT_ONCE,
    });
    for await (const harvest of harvests) {
      for (const fault of harvest.faults) reject(fault);
      yield* harvest.entities;
      if (harvest.complete) this.#albums.add(harvest.albumId);
      for (const id of harvest.tracks) {
        if (harvest.complete) this.#tracks.delete(id);
        else this.#tracks.add(id);
      }
    }
    if (this.#stop) throw this.#stop;
  }

  /** Ids of an artist's albums that are still to be fetched; an album can be listed in several groups. */
  async *#albumIds(artistId: string): AsyncGenerator<string> {
    const seen = new Set(this.#albums);
    const albums = pages(this.client, `/artists/${artistId}/albums`, {
      include_groups: this.query.include.join(","),
      limit: PAGE_LIMITS.artistAlbums,
      market: this.query.market ?? undefined,
    });
    try {
      for await (const { id } of albums) {
        if (this.#stop) return;
        if (!isSafeId(id) || seen.has(id)) continue;
        seen.add(id);
        yield id;
      }
    } catch (error) {
      // What was listed before is still fetched and sent, as far as the API goes along.
      if (!(error instanceof SpotifyStopError)) throw error;
      this.#stop = error;
    }
  }

  async #harvest(albumId: string): Promise<AlbumHarvest> {
    const origin = `albums/${albumId}`;
    const harvest: AlbumHarvest = { albumId, entities: [], faults: [], tracks: [], complete: false };
    const keep: Reject = (fault) => harvest.faults.push(fault);
    const market = this.query.market ?? undefined;
    try {
      const album = await this.client.get(`/albums/${albumId}`, { market });
      harvest.entities.push(...this.#split(album, origin, keep));
      await this.#tracksOf(album, harvest, keep);
      harvest.complete = true;
    } catch (error) {
      if (error instanceof SpotifyStopError) this.#stop = error;
      else if (error instanceof ResourceError)
        keep({ file: origin, reason: error.message, status: "failed" });
      else throw error;
    }
    return harvest;
  }

  /** Fetches an album's tracks while its pages are still being read. Waits for all of them, whatever happens. */
  async #tracksOf(album: unknown, harvest: AlbumHarvest, reject: Reject): Promise<void> {
    const path = `/albums/${harvest.albumId}/tracks`;
    const query = { limit: PAGE_LIMITS.albumTracks, market: this.query.market ?? undefined };
    const seen = new Set(this.#tracks);
    const fetching: Promise<PromiseSettledResult<void>>[] = [];
    const listing = async () => {
      for await (const { id } of pages(
        this.client,
        path,
        query,
        isEntity(album) ? album.tracks : undefined,
      )) {
        if (!isSafeId(id) || seen.has(id)) continue;
        seen.add(id);
        fetching.push(settled(this.#track(id, harvest, reject)));
      }
    };
    const outcomes = [await settled(listing()), ...(await Promise.all(fetching))];
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  async #track(id: string, harvest: AlbumHarvest, reject: Reject): Promise<void> {
    const origin = `albums/${harvest.albumId}/tracks/${id}`;
    try {
      const track = await this.client.get(`/tracks/${id}`, { market: this.query.market ?? undefined });
      harvest.entities.push(...this.#split(track, origin, reject));
      harvest.tracks.push(id);
    } catch (error) {
      if (!(error instanceof ResourceError)) throw error;
      reject({ file: origin, reason: error.message, status: "failed" });
    }
  }

  #split(response: unknown, origin: string, reject: Reject): SourceEntity[] {
    this.#fetched++;
    const { entities, skipped } = split(response, origin);
    for (const { path, reason, status } of skipped) {
      reject({ file: path === "" ? origin : `${origin}: ${path}`, reason, status });
    }
    return entities;
  }
}

async function settled<T>(work: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [outcome] = await Promise.allSettled([work]);
  return outcome;
}
