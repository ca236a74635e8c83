import { Random, sampleId } from "../random.ts";
import type { Entity, Source, SourceEntity } from "../source.ts";
import { DATASETS, type EntityType, entityKey, simplifiedAlbum } from "./entities.ts";
import { COPYRIGHT_HOLDERS, GENRES, MARKETS, TITLE_WORDS, TITLES } from "./sample-words.ts";

const MAX_ALBUM_TRACKS = 18;
/** One album in this many is by an artist who had none before. */
const ALBUMS_PER_ARTIST = 3;
const EMBEDDED_TRACKS = 50;

const API = "https://api.spotify.com/v1";

/**
 * Made-up entities in the shape of the Web API: `tracks` tracks with their albums and artists, each in its
 * full form and once. Names collide and hold `/`, `?` and non-ASCII; release dates have all three precisions;
 * optional members are sometimes absent. The same seed gives the same entities; nothing is kept in memory.
 */
export function createSample(tracks: number, seed: number): Source {
  return {
    distinct: true,
    total: sampleSize(tracks, seed),
    async *entities() {
      yield* sampleEntities(tracks, seed);
    },
  };
}

/** The entities of {@link createSample}: an album's new artist first, then the album, then its tracks. */
export function* sampleEntities(tracks: number, seed: number): Generator<SourceEntity> {
  const catalog = new SampleCatalog(String(seed));
  let left = tracks;
  for (let index = 0; left > 0; index++) {
    if (index % ALBUMS_PER_ARTIST === 0) yield landed("artist", catalog.artist(index / ALBUMS_PER_ARTIST));
    const count = Math.min(left, catalog.trackCount(index));
    left -= count;
    const { album, tracks: full } = catalog.album(index, count);
    yield landed("album", album);
    for (const track of full) yield landed("track", track);
  }
}

/** Number of entities that {@link sampleEntities} yields. */
export function sampleSize(tracks: number, seed: number): number {
  const catalog = new SampleCatalog(String(seed));
  let albums = 0;
  for (let left = tracks; left > 0; albums++) left -= catalog.trackCount(albums);
  return tracks + albums + Math.ceil(albums / ALBUMS_PER_ARTIST);
}

function landed(type: EntityType, entity: Entity): SourceEntity {
  const id = String(entity.id);
  return { dataset: DATASETS[type], id, key: entityKey(type, id), entity, full: true, origin: "sample" };
}

/** Every entity follows from the seed and its number alone. */
class SampleCatalog {
  constructor(private readonly seed: string) {}

  trackCount(album: number): number {
    const random = this.#random("count", album);
    // Mostly albums, some singles.
    return random.chance(0.25) ? random.between(1, 3) : random.between(6, MAX_ALBUM_TRACKS);
  }

  artist(number: number): Entity {
    const random = this.#random("artist", number);
    return {
      ...this.#artistReference(number),
      ...(random.chance(0.9) ? { followers: { href: null, total: random.between(0, 40_000_000) } } : {}),
      genres: random.chance(0.3) ? [] : [random.pick(GENRES), random.pick(GENRES)],
      images: random.chance(0.1) ? [] : this.#images(random),
      ...(random.chance(0.9) ? { popularity: random.between(0, 100) } : {}),
    };
  }

  album(number: number, count: number): { album: Entity; tracks: Entity[] } {
    const random = this.#random("album", number);
    const artists = this.#albumArtists(number, random);
    const markets = random.chance(0.15)
      ? {}
      : { available_markets: MARKETS.slice(random.between(0, 40), random.between(60, MARKETS.length)) };
    const upc = { external_ids: { upc: String(random.between(10 ** 11, 10 ** 12 - 1)) } };
    const label = random.pick(COPYRIGHT_HOLDERS);
    const reference = this.#reference("album", sampleId(this.seed, `album ${number}`));
    const head: Entity = {
      ...reference,
      album_type: count < 4 ? "single" : random.chance(0.1) ? "compilation" : "album",
      artists,
      ...markets,
      images: this.#images(random),
      name: this.#title(random),
      ...releaseDate(random),
      total_tracks: count,
    };
    const short = Array.from({ length: count }, (_, index) => this.#track(number, index, artists, markets));
    const href = `${reference.href}/tracks`;
    const album: Entity = {
      ...head,
      copyrights: [{ text: `${random.between(1960, 2026)} ${label}`, type: "C" }],
      ...(random.chance(0.85) ? upc : {}),
      genres: [],
      ...(random.chance(0.9) ? { label } : {}),
      ...(random.chance(0.9) ? { popularity: random.between(0, 100) } : {}),
      tracks: {
        href: `${href}?offset=0&limit=${EMBEDDED_TRACKS}`,
        items: short,
        limit: EMBEDDED_TRACKS,
        next: null,
        offset: 0,
        previous: null,
        total: count,
      },
    };
    const embeddedAlbum = simplifiedAlbum(album);
    return {
      album,
      tracks: short.map((track, index) => this.#fullTrack(track, number, index, embeddedAlbum)),
    };
  }

  #track(album: number, index: number, artists: Entity[], markets: Entity): Entity {
    const random = this.#random("track", album, index);
    const guest = random.chance(0.15) ? [this.#artistReference(this.#knownArtist(album, random))] : [];
    const id = sampleId(this.seed, `track ${album} ${index}`);
    return {
      ...this.#reference("track", id),
      artists: [...artists, ...guest.filter((one) => one.id !== artists[0]?.id)],
      ...markets,
      disc_number: index < 12 ? 1 : 2,
      duration_ms: random.between(31_000, 720_000),
      explicit: random.chance(0.1),
      is_local: false,
      // An intro and its reprise: two tracks of one album with one name.
      name:
        index > 0 && random.chance(0.08)
          ? this.#trackTitle(album, index - 1)
          : this.#trackTitle(album, index),
      preview_url: random.chance(0.5) ? null : `https://p.scdn.co/mp3-preview/${id}`,
      track_number: index < 12 ? index + 1 : index - 11,
    };
  }

  #fullTrack(track: Entity, album: number, index: number, embedded: Entity): Entity {
    const random = this.#random("full", album, index);
    const isrc = `QZ${random.between(10, 99)}${random.between(10 ** 8, 10 ** 9 - 1)}`;
    return {
      ...track,
      album: embedded,
      ...(random.chance(0.9) ? { external_ids: { isrc } } : {}),
      ...(random.chance(0.9) ? { popularity: random.between(0, 100) } : {}),
    };
  }

  #albumArtists(album: number, random: Random): Entity[] {
    if (album % ALBUMS_PER_ARTIST === 0) return [this.#artistReference(album / ALBUMS_PER_ARTIST)];
    const first = this.#knownArtist(album, random);
    const second = this.#knownArtist(album, random);
    const shared = random.chance(0.1) && second !== first;
    return (shared ? [first, second] : [first]).map((number) => this.#artistReference(number));
  }

  /** An artist who has come before this album. */
  #knownArtist(album: number, random: Random): number {
    return random.between(0, Math.floor(album / ALBUMS_PER_ARTIST));
  }

  #artistReference(number: number): Entity {
    const random = this.#random("artist name", number);
    return {
      ...this.#reference("artist", sampleId(this.seed, `artist ${number}`)),
      name: this.#title(random),
    };
  }

  #reference(type: EntityType, id: string): Entity & { href: string } {
    return {
      external_urls: { spotify: `https://open.spotify.com/${type}/${id}` },
      href: `${API}/${DATASETS[type]}/${id}`,
      id,
      type,
      uri: `spotify:${type}:${id}`,
    };
  }

  #images(random: Random): Entity[] {
    return [640, 300, 64].map((size) => ({
      height: size,
      url: `https://i.scdn.co/image/ab67616d0000${random.between(0x1000, 0xffff).toString(16)}${size}`,
      width: size,
    }));
  }

  #trackTitle(album: number, index: number): string {
    return this.#title(this.#random("title", album, index));
  }

  #title(random: Random): string {
    if (random.chance(0.2)) return random.pick(TITLES);
    const words = Array.from({ length: random.between(1, 3) }, () => random.pick(TITLE_WORDS));
    return words.join(" ");
  }

  #random(kind: string, ...numbers: number[]): Random {
    return new Random(this.seed, `${kind} ${numbers.join(" ")}`);
  }
}

/** `release_date` is as precise as is known: a year, a month or a day. */
function releaseDate(random: Random): Entity {
  const year = String(random.between(1958, 2026));
  const month = String(random.between(1, 12)).padStart(2, "0");
  const day = String(random.between(1, 28)).padStart(2, "0");
  const precision = random.pick(["day", "day", "day", "day", "month", "year", "year"]);
  const parts = { year: [year], month: [year, month], day: [year, month, day] }[precision] ?? [year];
  return { release_date: parts.join("-"), release_date_precision: precision };
}
