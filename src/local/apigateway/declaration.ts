import { createHash } from "node:crypto";

/** A REST API with one stage, one API key and one usage plan. */
export interface ApiDeclaration {
  /** Physical name; the ids follow from it. */
  name: string;
  stage: string;
  /** Requests a second that the token bucket is filled with. */
  rateLimit: number;
  /** Size of the token bucket. */
  burstLimit: number;
  /** Requests with the key a day, UTC; null for any number. */
  quotaPerDay: number | null;
  routes: RouteDeclaration[];
  /** Origins whose pages may call the API, `*` for all; none: no CORS. */
  corsOrigins: string[];
  /** Content types whose bodies reach the function, and leave it, as base64. */
  binaryMediaTypes: string[];
}

/** A method of a resource with Lambda proxy integration. */
export interface RouteDeclaration {
  /** Upper case; `ANY` for all. */
  method: string;
  /** `/events`, `/items/{id}`, `/{proxy+}` */
  path: string;
  functionName: string;
  apiKeyRequired: boolean;
  /** JSON schema, draft 4, for bodies of type `application/json`; null checks nothing. */
  requestModel: object | null;
}

const ID_CHARACTERS = 10;

/** Ids like AWS's, ten letters and digits; the same name always has the same. */
export const apiId = (name: string): string => idOf("api", name);
export const apiKeyId = (name: string): string => idOf("key", name);
export const usagePlanId = (name: string): string => idOf("plan", name);
export const deploymentId = (name: string): string => idOf("deployment", name);
export const resourceId = (name: string, path: string): string => idOf("resource", `${name} ${path}`);

function idOf(kind: string, name: string): string {
  const digest = createHash("sha256").update(`${kind} ${name}`).digest("hex");
  return BigInt(`0x${digest}`).toString(36).slice(0, ID_CHARACTERS);
}

/** Base URL of an API on the engine, the stage included: `POST {url}/events`. */
export function apiUrl(endpoint: string, name: string, stage: string): string {
  return `${endpoint}/restapis/${apiId(name)}/${stage}/_user_request_`;
}
