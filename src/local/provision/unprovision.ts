import type { Pipeline } from "../../topology/types.ts";
import { AwsError } from "../service.ts";
import type { Services } from "../services.ts";
import { ON_ENGINE, REMOVAL_ORDER } from "./kinds.ts";
import { type Declared, declare, type Edge, type KindOnEngine } from "./site.ts";

/** A newer declaration of a pipeline: what that declares too stays. */
export interface Successor {
  topology: Pipeline;
  project: string;
}

/** Removes what a pipeline declares, with its data; what feeds goes before what is fed. */
export async function unprovision(
  services: Services,
  pipeline: Pipeline,
  project: string,
  successor?: Successor,
): Promise<void> {
  const old = declare(pipeline, project);
  const kept = successor && declare(successor.topology, successor.project);
  const kinds = REMOVAL_ORDER.map((kind) => ON_ENGINE[kind]);
  // Edges between things that stay have to be taken away; the others go with either end.
  for (const kind of kept ? kinds : []) {
    for (const edge of goneEdges(kind, old, kept)) await kind.removeEdge?.(services, edge);
  }
  for (const kind of kinds) await kind.remove(services, goneNames(kind, old, kept));
}

/**
 * Stops a deployment that would delete data nobody was asked about, such as a bucket with objects or a queue with
 * messages that the newer declaration does not have any more.
 * @throws AwsError DataWouldBeLost, naming each
 */
export function refuseLoss(
  services: Services,
  pipeline: Pipeline,
  project: string,
  successor: Successor,
): void {
  const old = declare(pipeline, project);
  const kept = declare(successor.topology, successor.project);
  const lost = REMOVAL_ORDER.flatMap((name) => {
    const kind = ON_ENGINE[name];
    return kind.holding?.(services, goneNames(kind, old, kept)) ?? [];
  });
  if (lost.length === 0) return;
  throw new AwsError(
    "DataWouldBeLost",
    `The pipeline ${pipeline.name} is deployed with things that its declaration no longer has, and they hold data: ${lost.join(", ")}.`,
    409,
  );
}

/** Names of what only the old declaration has. */
function goneNames({ names }: KindOnEngine, old: Declared, kept: Declared | undefined): string[] {
  const staying = new Set(kept ? names(kept) : []);
  return names(old).filter((name) => !staying.has(name));
}

function goneEdges({ edges }: KindOnEngine, old: Declared, kept: Declared | undefined): Edge[] {
  if (!edges) return [];
  // No physical name has a space.
  const id = (edge: Edge) => edge.join(" ");
  const staying = new Set(kept ? edges(kept).map(id) : []);
  return edges(old).filter((edge) => !staying.has(id(edge)));
}
