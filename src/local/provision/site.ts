import type { AddressBook } from "../../topology/deployment.ts";
import { type PhysicalNames, physicalNames } from "../../topology/names.ts";
import type { Pipeline } from "../../topology/types.ts";
import type { DeployRequest } from "../engine.ts";
import { LOCAL_ACCOUNT, LOCAL_REGION } from "../service.ts";
import type { Services } from "../services.ts";

/** A declaration with the names that its things have on the engine. */
export interface Declared {
  pipeline: Pipeline;
  names: PhysicalNames;
}

/** Where a pipeline is brought up. */
export interface Site extends Declared {
  services: Services;
  addresses: AddressBook;
  request: Pick<DeployRequest, "project" | "zips" | "awsTiming" | "corsAllowedOrigins">;
}

/** The physical names of two things, one of which feeds the other. */
export type Edge = readonly [from: string, to: string];

/** What the engine does with one kind of things. */
export interface KindOnEngine {
  /** Creates or updates the things of the kind, and the edges that they hold. */
  provision(site: Site): Promise<void>;
  /** Physical names of all that a declaration makes of the kind; what only the older one has is removed. */
  names(declared: Declared): string[];
  /** Removes things with their data; one that is not there is no fault. */
  remove(services: Services, names: readonly string[]): Promise<void>;
  /** Which of these things hold data, each with how much: nothing of it may go unasked. */
  holding?(services: Services, names: readonly string[]): string[];
  /** The edges that the kind's things hold: of those that only the older declaration has, each is removed. */
  edges?(declared: Declared): Edge[];
  removeEdge?(services: Services, edge: Edge): Promise<void>;
}

/** ARN of a thing of the engine. */
export const arn = (service: string, resource: string) =>
  `arn:aws:${service}:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${resource}`;

/** A declaration with its names on the engine. */
export function declare(pipeline: Pipeline, project: string): Declared {
  return { pipeline, names: physicalNames(pipeline, { project, env: "local", accountId: LOCAL_ACCOUNT }) };
}

/** The physical name of a thing that the checks of the topology have found to exist. */
export function nameOf(names: Record<string, string>, key: string): string {
  const name = names[key];
  if (name === undefined) throw new Error(`there is no thing ${key}`);
  return name;
}
