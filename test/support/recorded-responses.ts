import { writeFile } from "node:fs/promises";
import path from "node:path";
import { sampleEntities } from "../../src/ingest/spotify/sample.ts";

/**
 * Writes recorded Spotify responses as `ingest spotify --from` takes them: a page of albums, a list of artists, and a
 * track a line. Names have slashes, question marks and letters of many alphabets.
 * @returns how many objects land
 */
export async function writeRecordedResponses(directory: string, tracks: number): Promise<number> {
  const of: Record<string, unknown[]> = { albums: [], artists: [], tracks: [] };
  let count = 0;
  for (const { dataset, entity } of sampleEntities(tracks, 7)) {
    of[dataset]?.push(entity);
    count++;
  }
  const write = (name: string, text: string) => writeFile(path.join(directory, name), text);
  await write(
    "artist_albums.json",
    JSON.stringify({ items: of.albums, next: null, total: of.albums?.length }),
  );
  await write("artists.json", JSON.stringify({ artists: of.artists }));
  await write("tracks.ndjson", (of.tracks ?? []).map((track) => `${JSON.stringify(track)}\n`).join(""));
  return count;
}
