// Seeded Spotify-shaped tracks, so that every run and every machine measures the same bytes.

/** Small deterministic generator (mulberry32): numbers in [0, 1). */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const WORDS =
  "Night River Glass Señora Winter 東京 Motor Blue Paper Ghost Rain Ünder Signal Gold Echo Wire".split(" ");
const MARKETS = (
  "AD AE AG AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS BT BW BY BZ CA CD CG CH CI CL CM CO CR " +
  "CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ES ET FI FJ FM FR GA GB GD GE GH GM GN GQ GR GT GW GY HK HN HR HT HU ID IE IL IN IQ"
).split(" ");

/** An endless source of track objects as `GET /tracks/{id}` returns them, about 3 KB of JSON each. */
export function* tracks(seed = 1) {
  const random = seeded(seed);
  const id = () => Array.from({ length: 22 }, () => BASE62[Math.floor(random() * 62)]).join("");
  const title = () =>
    Array.from(
      { length: 1 + Math.floor(random() * 3) },
      () => WORDS[Math.floor(random() * WORDS.length)],
    ).join(" ");
  const reference = (type, of = id()) => ({
    external_urls: { spotify: `https://open.spotify.com/${type}/${of}` },
    href: `https://api.spotify.com/v1/${type}s/${of}`,
    id: of,
    type,
    uri: `spotify:${type}:${of}`,
  });
  const image = (size) => ({
    height: size,
    url: `https://i.scdn.co/image/ab67616d0000${Math.floor(random() * 2 ** 32).toString(16)}${id()}`,
    width: size,
  });
  const markets = () => MARKETS.filter(() => random() < 0.9);
  for (;;) {
    const artists = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
      ...reference("artist"),
      name: title(),
    }));
    const year = 1960 + Math.floor(random() * 66);
    yield {
      album: {
        album_type: random() < 0.7 ? "album" : "single",
        artists: artists.slice(0, 1),
        available_markets: markets(),
        ...reference("album"),
        images: [image(640), image(300), image(64)],
        name: title(),
        ...(random() < 0.2
          ? { release_date: `${year}`, release_date_precision: "year" }
          : { release_date: `${year}-0${1 + Math.floor(random() * 9)}-15`, release_date_precision: "day" }),
        total_tracks: 1 + Math.floor(random() * 20),
      },
      artists,
      available_markets: markets(),
      disc_number: 1,
      duration_ms: 60000 + Math.floor(random() * 400000),
      explicit: random() < 0.1,
      external_ids: { isrc: `USXX${Math.floor(random() * 1e8)}` },
      ...reference("track"),
      is_local: false,
      name: title(),
      popularity: Math.floor(random() * 100),
      preview_url: random() < 0.5 ? null : `https://p.scdn.co/mp3-preview/${id()}`,
      track_number: 1 + Math.floor(random() * 20),
    };
  }
}

/** JSON texts of tracks until `bytes` are reached. */
export function* trackTexts(bytes, seed) {
  let total = 0;
  for (const track of tracks(seed)) {
    const text = JSON.stringify(track);
    yield text;
    total += Buffer.byteLength(text) + 1;
    if (total >= bytes) return;
  }
}
