import { createHash } from "node:crypto";

/** Id of a REST API on the engine, in the form of AWS: ten of a-z and 0-9. It follows from the physical name. */
export function localApiId(name: string): string {
  return id("api", name);
}

/** Id of the API key of a REST API on the engine. It follows from the API's physical name. */
export function localApiKeyId(name: string): string {
  return id("key", name);
}

const ID_CHARACTERS = 10;

function id(what: string, name: string): string {
  const digest = createHash("sha256").update(`${what} ${name}`).digest("hex");
  return BigInt(`0x${digest}`).toString(36).slice(-ID_CHARACTERS);
}
