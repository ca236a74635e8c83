import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PACKAGE_ROOT, PIPELINES_DIRECTORY } from "../../src/package-root.ts";
import type { AddressBook } from "../../src/topology/deployment.ts";
import { functionEnvironment } from "../../src/topology/edges.ts";
import { loadPipelines } from "../../src/topology/load.ts";
import { physicalNames } from "../../src/topology/names.ts";
import { KINDS, type Pipeline } from "../../src/topology/types.ts";
import { temporaryDirectory } from "../support/services.ts";
import { runTerraform, terraformTools } from "../support/terraform.ts";
import { FIXTURES, invalidFixtures } from "../support/topology-fixtures.ts";

const tools = await terraformTools();
const PLACE = { project: "edp", env: "dev", accountId: "123456789012" };

interface TopologyOutputs {
  names: Record<keyof ReturnType<typeof physicalNames>, Record<string, string>>;
  functions: Record<
    string,
    { environment: Record<string, string>; references: Record<string, { kind: string; id: string }> }
  >;
}

/** Plans the module `topology` alone, which has no provider. */
describe.skipIf(!tools)("the HCL reads the same files as the parser", () => {
  let copy: Awaited<ReturnType<typeof temporaryDirectory>>;
  const terraform = (args: readonly string[]) =>
    tools
      ? runTerraform(tools, path.join(copy.path, "topology"), args)
      : Promise.reject(new Error("there is no Terraform"));

  beforeAll(async () => {
    copy = await temporaryDirectory();
    await cp(path.join(PACKAGE_ROOT, "terraform", "modules", "topology"), path.join(copy.path, "topology"), {
      recursive: true,
      filter: (source) => !source.includes(".terraform"),
    });
    const init = await terraform(["init", "-no-color", "-input=false"]);
    expect(init.exitCode, init.all).toBe(0);
  });
  afterAll(() => copy.remove());

  async function plan(directory: string, names: readonly string[]) {
    const variables = path.join(copy.path, "variables.tfvars.json");
    await writeFile(
      variables,
      JSON.stringify({
        directory,
        names,
        project: PLACE.project,
        env: PLACE.env,
        account_id: PLACE.accountId,
        region: "eu-west-1",
      }),
    );
    return terraform(["plan", "-no-color", "-input=false", "-out=plan", `-var-file=${variables}`]);
  }

  async function outputs(directory: string, names: readonly string[]): Promise<TopologyOutputs> {
    const planned = await plan(directory, names);
    expect(planned.exitCode, planned.all).toBe(0);
    const shown = await terraform(["show", "-json", "plan"]);
    const { planned_values } = JSON.parse(shown.stdout) as {
      planned_values: { outputs: Record<string, { value: unknown }> };
    };
    return Object.fromEntries(
      Object.entries(planned_values.outputs).map(([name, { value }]) => [name, value]),
    ) as unknown as TopologyOutputs;
  }

  const invalid = invalidFixtures();
  it.each(invalid.filter(({ refusedBy }) => refusedBy.includes("terraform")))(
    "and refuses what is wrong: $name",
    async ({ name, file, faults, terraformSays }) => {
      const { exitCode, all } = await plan(path.dirname(file), [name]);
      expect(exitCode, all).toBe(1);
      const expected =
        terraformSays === undefined ? faults.map((fault) => `${name}.json ${fault}`) : [terraformSays];
      // Terraform breaks the lines of its own messages.
      for (const one of expected) expect(all?.replace(/\s+/g, " ")).toContain(one);
    },
  );

  it.each(invalid.filter(({ refusedBy }) => !refusedBy.includes("terraform")))(
    "but can't see what only the parser sees: $name",
    async ({ name, file }) => {
      const { exitCode, all } = await plan(path.dirname(file), [name]);
      expect(exitCode, all).toBe(0);
    },
  );

  it("and refuses two pipelines whose things would have one name", async () => {
    const { exitCode, all } = await plan(path.join(FIXTURES, "together", "same-names"), ["a", "a-b"]);
    expect(exitCode, all).toBe(1);
    expect(all).toContain("would have the same physical name: rename either");
  });

  it.each([
    ["of the fixtures", path.join(FIXTURES, "valid")],
    ["that ship", PIPELINES_DIRECTORY],
  ])("and derives the same names and environments, for the pipelines %s", async (_which, directory) => {
    const pipelines = await loadPipelines([directory]);
    const { names, functions } = await outputs(
      directory,
      pipelines.map(({ name }) => name),
    );
    expect(names).toEqual(namesById(pipelines));
    for (const pipeline of pipelines) {
      for (const key of Object.keys(pipeline.functions)) {
        const derived = functions[`${pipeline.name}/${key}`];
        const referenced = Object.entries(derived?.references ?? {}).map(([name, { kind, id }]) => [
          name,
          // A port is a number in the address book, which says nothing of its database.
          kind === "database_ports" ? "5432" : `${kind} ${id}`,
        ]);
        expect({ ...derived?.environment, ...Object.fromEntries(referenced) }).toEqual(
          functionEnvironment(pipeline, key, namedBook(pipeline)),
        );
      }
    }
  });

  it("whose shipped copies no reader changes", async () => {
    const file = path.join(PIPELINES_DIRECTORY, "spotify.json");
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual(
      (await loadPipelines([PIPELINES_DIRECTORY])).find(({ name }) => name === "spotify"),
    );
  });
});

/** The parser's names as the HCL keys them: by `<pipeline>/<key>`, `undelivered` by pipeline. */
function namesById(pipelines: readonly Pipeline[]): TopologyOutputs["names"] {
  const kinds = [...KINDS, "dlqs"] as const;
  const named = pipelines.map((pipeline) => ({
    name: pipeline.name,
    names: physicalNames(pipeline, PLACE),
  }));
  const byKind = kinds.map((kind) => [
    kind,
    Object.fromEntries(
      named.flatMap(({ name, names }) =>
        Object.entries(names[kind]).map(([key, physical]) => [`${name}/${key}`, physical]),
      ),
    ),
  ]);
  const undelivered = Object.fromEntries(named.map(({ name, names }) => [name, names.undelivered]));
  return { ...Object.fromEntries(byKind), undelivered };
}

/** An address book whose addresses say what they are the address of. */
function namedBook({ name, ...things }: Pipeline): AddressBook {
  const map = <T>(things: object, make: (id: string) => T): Record<string, T> =>
    Object.fromEntries(Object.keys(things).map((key) => [key, make(`${name}/${key}`)]));
  const { buckets, topics, queues, tables, databases, streams, deliveries, functions, apis } = things;
  return {
    buckets: map(buckets, (id) => ({ name: `buckets ${id}` })),
    topics: map(topics, (id) => ({ arn: `topics ${id}` })),
    queues: map(queues, (id) => ({ url: `queues ${id}`, dlqUrl: `dlqs ${id}` })),
    tables: map(tables, (id) => ({ name: `tables ${id}` })),
    databases: map(databases, (id) => ({
      host: `database_hosts ${id}`,
      port: 5432,
      name: `database_names ${id}`,
      secretArn: `database_secrets ${id}`,
    })),
    streams: map(streams, (id) => ({ name: `streams ${id}` })),
    deliveries: map(deliveries, (id) => ({ name: `deliveries ${id}` })),
    functions: map(functions, (id) => ({ name: id, logGroup: id })),
    apis: map(apis, (id) => ({ url: `urls ${id}`, apiKeyId: `keys ${id}` })),
    undelivered: { url: name },
  };
}
