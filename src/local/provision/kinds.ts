import type { Kind } from "../../topology/types.ts";
import { apis } from "./apis.ts";
import { buckets } from "./buckets.ts";
import { databases } from "./databases.ts";
import { deliveries } from "./deliveries.ts";
import { functions } from "./functions.ts";
import { queues } from "./queues.ts";
import { rules } from "./rules.ts";
import type { KindOnEngine } from "./site.ts";
import { streams } from "./streams.ts";
import { tables } from "./tables.ts";
import { topics } from "./topics.ts";

/** What the engine does with each kind. */
export const ON_ENGINE: Record<Kind, KindOnEngine> = {
  buckets,
  rules,
  topics,
  queues,
  tables,
  databases,
  streams,
  deliveries,
  functions,
  apis,
};

/** Receivers come before what feeds them: from the first thing that flows on, everything is there. */
export const PROVISION_ORDER = [
  "queues",
  "tables",
  "databases",
  "streams",
  "functions",
  "topics",
  "rules",
  "buckets",
  "deliveries",
  "apis",
] as const satisfies readonly Kind[];

/** What feeds goes before what is fed. */
export const REMOVAL_ORDER = [
  "apis",
  "rules",
  "topics",
  "functions",
  "deliveries",
  "streams",
  "queues",
  "tables",
  "databases",
  "buckets",
] as const satisfies readonly Kind[];
