import { type Members, text } from "../../http/members.ts";
import { project } from "../expressions/paths.ts";
import { Placeholders } from "../expressions/placeholders.ts";
import { parseProjection } from "../expressions/projection.ts";
import type { Item } from "../item/attribute-value.ts";

/** What a request's ProjectionExpression shows of an item. @throws AwsError ValidationException */
export function projectionOf(input: Members, placeholders: Placeholders): (item: Item) => Item {
  const source = text(input, "ProjectionExpression");
  if (source === undefined) return (item) => item;
  const paths = parseProjection(source, placeholders);
  return (item) => project(item, paths);
}

/** The same where the projection is the request's only expression. @throws AwsError ValidationException */
export function readProjection(input: Members): (item: Item) => Item {
  const placeholders = new Placeholders(input, ["ProjectionExpression"]);
  const shown = projectionOf(input, placeholders);
  placeholders.checkAllUsed();
  return shown;
}
