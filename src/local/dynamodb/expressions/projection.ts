import { type Path, parsePath, refuseOverlaps } from "./paths.ts";
import type { Placeholders } from "./placeholders.ts";
import { Tokens } from "./tokens.ts";

/** The paths of a ProjectionExpression. @throws AwsError ValidationException */
export function parseProjection(source: string, placeholders: Placeholders): Path[] {
  const label = "ProjectionExpression";
  const tokens = new Tokens(label, source);
  const paths: Path[] = [];
  do paths.push(parsePath(tokens, placeholders));
  while (tokens.accept(","));
  if (tokens.next.kind !== "end") throw tokens.unexpected();
  refuseOverlaps(label, paths);
  return paths;
}
