import { InvalidInputError } from "../errors.ts";
import type { ManifestKind } from "../ingest/manifest.ts";
import { events } from "./events.ts";
import { files } from "./files.ts";
import { objects } from "./objects.ts";
import type { SettleRequest, Settler, SettlerKind } from "./settler.ts";

/** Every kind of manifest, and what finds where its records ended. */
const SETTLERS = { files, objects, events } satisfies { [Kind in ManifestKind]: SettlerKind<Kind> };

/** @throws InvalidInputError for a manifest that a newer edp has written */
export function settlerKind(kind: ManifestKind): SettlerKind<ManifestKind> {
  if (Object.hasOwn(SETTLERS, kind)) return SETTLERS[kind];
  throw new InvalidInputError(
    `The run's manifest is of ${JSON.stringify(kind)}, which this edp does not know.`,
    {
      hint: "Use the edp that wrote it, or a newer one.",
    },
  );
}

/** Opens the settler of a run's manifest. */
export function openSettler(request: SettleRequest<ManifestKind>): Promise<Settler> {
  return settlerKind(request.header.kind).open(request);
}
