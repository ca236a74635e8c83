import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { AddressBook } from "../../src/topology/deployment.ts";

export const FIXTURES = fileURLToPath(new URL("../fixtures/topology", import.meta.url));

/** The address book of a pipeline without a thing, to be filled in. */
export const NO_ADDRESSES: AddressBook = {
  buckets: {},
  topics: {},
  queues: {},
  tables: {},
  databases: {},
  streams: {},
  deliveries: {},
  functions: {},
  apis: {},
  undelivered: { url: "" },
};

/** Who must refuse an invalid pipeline file: the TypeScript parser, the JSON schema, the HCL. */
export type Reader = "parser" | "schema" | "terraform";

export interface Fixture {
  name: string;
  file: string;
  text: string;
}

export interface InvalidFixture extends Fixture {
  refusedBy: Reader[];
  /** `<JSON path>: <message>` of every fault, in any order. */
  faults: string[];
  /** What Terraform must print where a type error speaks before our own checks do. */
  terraformSays?: string;
}

/** Pipeline files that every reader must take. */
export function validFixtures(): Fixture[] {
  return read("valid");
}

/** Pipeline files with what is wrong with them, from the `<name>.expect.json` beside each. */
export function invalidFixtures(): InvalidFixture[] {
  return read("invalid").map((fixture) => ({
    ...fixture,
    ...(JSON.parse(readFileSync(fixture.file.replace(/\.json$/, ".expect.json"), "utf8")) as Omit<
      InvalidFixture,
      keyof Fixture
    >),
  }));
}

function read(directory: string): Fixture[] {
  return readdirSync(path.join(FIXTURES, directory))
    .filter((name) => name.endsWith(".json") && !name.endsWith(".expect.json"))
    .map((name) => {
      const file = path.join(FIXTURES, directory, name);
      return { name: path.basename(name, ".json"), file, text: readFileSync(file, "utf8") };
    });
}
