import { json, page, parseMembers, type Route } from "../../http/rest-json.ts";
import { functionName } from "../function.ts";
import type { MappingOverrides } from "../mapping-store.ts";
import type { QueueMapping } from "../queue-mapping.ts";
import { mappingChanges, mappingConfiguration } from "./event-source-mapping.ts";

/** Largest page of ListEventSourceMappings. */
const MAX_MAPPINGS = 100;

export interface KnownMapping {
  mapping: QueueMapping;
  /** Milliseconds since the epoch. */
  lastModified: number;
}

export interface MappingDirectory {
  all(): KnownMapping[];
  /** @throws AwsError ResourceNotFoundException */
  get(uuid: string): KnownMapping;
  /** Changes a mapping for good. */
  change(uuid: string, changes: MappingOverrides): Promise<KnownMapping>;
}

/** The operations on event source mappings. */
export function mappingRoutes(mappings: MappingDirectory): Route[] {
  const show = ({ mapping, lastModified }: KnownMapping) => mappingConfiguration(mapping, lastModified);
  return [
    {
      operation: "ListEventSourceMappings",
      method: "GET",
      path: /^\/event-source-mappings$/,
      handle: async (_, { query }) => {
        const source = query.get("EventSourceArn");
        const reference = query.get("FunctionName");
        const matching = mappings
          .all()
          .filter(
            ({ mapping: { settings } }) =>
              (source === null || settings.queueArn === source) &&
              (reference === null || settings.functionName === functionName(reference)),
          );
        const [shown, next] = page(matching, query, MAX_MAPPINGS);
        return json({ EventSourceMappings: shown.map(show), ...(next ? { NextMarker: next } : {}) });
      },
    },
    {
      operation: "GetEventSourceMapping",
      method: "GET",
      path: /^\/event-source-mappings\/([^/]+)$/,
      handle: async ([uuid = ""]) => json(show(mappings.get(uuid))),
    },
    {
      operation: "UpdateEventSourceMapping",
      method: "PUT",
      path: /^\/event-source-mappings\/([^/]+)$/,
      handle: async ([uuid = ""], request) => {
        const { settings } = mappings.get(uuid).mapping;
        const changes = mappingChanges(parseMembers(await request.bytes()), settings);
        return json(show(await mappings.change(uuid, changes)), 202);
      },
    },
    { operation: "CreateEventSourceMapping", method: "POST", path: /^\/event-source-mappings$/ },
    { operation: "DeleteEventSourceMapping", method: "DELETE", path: /^\/event-source-mappings\/([^/]+)$/ },
  ];
}
