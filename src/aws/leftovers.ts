import pMap from "p-map";
import type { Clients } from "./clients.ts";
import { type AwsPlace, exists, type Thing, thingOfArn } from "./things.ts";

/** Look-ups in flight. */
const AT_ONCE = 16;

export interface Leftovers {
  /** Things that still exist, each confirmed by a direct call. */
  found: Thing[];
  /** Things that could not be asked for. */
  unknown: Thing[];
  /** False where the tagging API gave no answer; then only known names were looked up. */
  searchedByTag: boolean;
}

/**
 * Looks for what is still there: the given things by name, and whatever bears these tags. The tagging API shows
 * deleted things for a while, so each of its hits is asked for directly.
 * https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
 */
export async function findLeftovers(
  clients: Clients,
  place: AwsPlace,
  tags: Record<string, string>,
  byName: readonly Thing[],
): Promise<Leftovers> {
  const tagged = await findTagged(clients, tags);
  const things = new Map(
    [...byName, ...(tagged ?? [])].map((thing) => [`${thing.type} ${thing.name}`, thing]),
  );
  const checked = await pMap(
    things.values(),
    async (thing) => ({ thing, there: await exists(clients, thing, place) }),
    {
      concurrency: AT_ONCE,
    },
  );
  return {
    found: checked.filter(({ there }) => there === true).map(({ thing }) => thing),
    unknown: checked.filter(({ there }) => there === null).map(({ thing }) => thing),
    searchedByTag: tagged !== null,
  };
}

/** What bears all these tags; null where the API is missing (emulators) or refused. */
async function findTagged(clients: Clients, tags: Record<string, string>): Promise<Thing[] | null> {
  const { paginateGetResources } = await import("@aws-sdk/client-resource-groups-tagging-api");
  const TagFilters = Object.entries(tags).map(([Key, value]) => ({ Key, Values: [value] }));
  const things: Thing[] = [];
  try {
    for await (const page of paginateGetResources({ client: await clients.tagging() }, { TagFilters })) {
      for (const { ResourceARN = "" } of page.ResourceTagMappingList ?? []) {
        const thing = thingOfArn(ResourceARN);
        if (thing) things.push(thing);
      }
    }
    return things;
  } catch (error) {
    // An answer of the service, whatever it says, means that it can't be searched; anything else is a fault.
    if ((error as { $metadata?: unknown }).$metadata === undefined) throw error;
    return null;
  }
}
