import { InvalidInputError } from "../../errors.ts";
import { isEntity } from "./entities.ts";

/** An artist that a search found. */
export interface Candidate {
  id: string;
  name: string;
  followers: number | null;
  genres: string[];
}

/** Asks which of several artists is meant; resolves with its id. */
export type ChooseArtist = (name: string, candidates: Candidate[]) => Promise<string>;

/** The artists of a search response, best first as Spotify ranks them. */
export function candidates(response: unknown): Candidate[] {
  const items = isEntity(response) && isEntity(response.artists) ? response.artists.items : [];
  if (!Array.isArray(items)) return [];
  return items.filter(isEntity).flatMap(({ id, name, followers, genres }) => {
    if (typeof id !== "string" || typeof name !== "string") return [];
    const total = isEntity(followers) ? followers.total : null;
    return {
      id,
      name,
      followers: typeof total === "number" ? total : null,
      genres: Array.isArray(genres) ? genres.map(String) : [],
    };
  });
}

/**
 * Finds the artist that a name means: the only one of exactly that name, then the only one whose name differs
 * in case, accents' encoding or spaces. Never the first hit for want of a better one.
 * @param choose asks the user; null where nobody can be asked
 * @throws InvalidInputError listing the candidates with their ids when it is not clear.
 */
export async function matchArtist(
  name: string,
  found: Candidate[],
  choose: ChooseArtist | null,
): Promise<string> {
  if (found.length === 0) {
    throw new InvalidInputError(`Spotify knows no artist called ${JSON.stringify(name)}.`, {
      code: "ARTIST_NOT_FOUND",
      hint: "Check the spelling, or give the id from the artist's Spotify link with --artist-id.",
    });
  }
  const exact = found.filter((one) => one.name === name);
  const alike = found.filter((one) => folded(one.name) === folded(name));
  const likely = exact.length > 0 ? exact : alike;
  if (likely.length === 1 && likely[0]) return likely[0].id;
  if (choose) return choose(name, likely.length > 0 ? likely : found);
  const offered = likely.length > 0 ? likely : found;
  const list = offered.map((one) => `  ${one.id}  ${describeCandidate(one)}`);
  const what = likely.length > 0 ? `${likely.length} artists are called` : "No artist is called exactly";
  throw new InvalidInputError(`${what} ${JSON.stringify(name)}. Spotify offers:\n${list.join("\n")}`, {
    code: "ARTIST_AMBIGUOUS",
    hint: "Give the one you mean by its id: --artist-id ID",
    data: { candidates: offered },
  });
}

export function describeCandidate({ name, followers, genres }: Candidate): string {
  const details = [
    ...(followers === null ? [] : [`${followers} followers`]),
    ...(genres.length === 0 ? [] : [genres.slice(0, 3).join(", ")]),
  ];
  return details.length === 0 ? name : `${name} (${details.join("; ")})`;
}

function folded(name: string): string {
  return name.normalize("NFKC").toLowerCase().trim().replaceAll(/\s+/g, " ");
}
