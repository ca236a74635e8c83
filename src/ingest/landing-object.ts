import { createHash } from "node:crypto";
import { canonicalJson } from "./json.ts";
import type { SourceEntity } from "./source.ts";

/** An entity in the form in which it lands: canonical JSON and its hash. */
export interface LandingObject {
  key: string;
  body: Buffer;
  /** Hex SHA-256 of the body; kept in the object's metadata. */
  sha256: string;
  full: boolean;
  origin: string;
}

/** Turns an entity into the bytes that land. @throws RangeError when it is nested too deeply. */
export function landingObject(entity: SourceEntity): LandingObject {
  const body = Buffer.from(canonicalJson(entity.entity));
  return {
    key: entity.key,
    body,
    sha256: createHash("sha256").update(body).digest("hex"),
    full: entity.full,
    origin: entity.origin,
  };
}
