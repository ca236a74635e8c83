import { cp, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/package-root.ts";
import { temporaryDirectory } from "../support/services.ts";
import { runTerraform, terraformTools } from "../support/terraform.ts";
import { FIXTURES } from "../support/topology-fixtures.ts";

const tools = await terraformTools();

describe.skipIf(!tools)("the HCL", () => {
  let copy: Awaited<ReturnType<typeof temporaryDirectory>>;
  const terraform = (args: readonly string[], module = "") =>
    tools
      ? runTerraform(tools, path.join(copy.path, "terraform", module), args)
      : Promise.reject(new Error("there is no Terraform"));

  // A copy, with the fixtures where the tests look for them: `init` writes beside the files.
  beforeAll(async () => {
    copy = await temporaryDirectory();
    await cp(path.join(PACKAGE_ROOT, "terraform"), path.join(copy.path, "terraform"), {
      recursive: true,
      filter: (source) => !source.includes(".terraform"),
    });
    await cp(FIXTURES, path.join(copy.path, "test", "fixtures", "topology"), { recursive: true });
    const init = await terraform(["init", "-no-color", "-input=false"]);
    expect(init.exitCode, init.all).toBe(0);
  });
  afterAll(() => copy.remove());

  it("is formatted", async () => {
    const result = await terraform(["fmt", "-check", "-recursive", "-diff", "-no-color"]);
    expect(result.exitCode, result.all).toBe(0);
  });

  it("is valid", async () => {
    const result = await terraform(["validate", "-no-color"]);
    expect(result.exitCode, result.all).toBe(0);
  });

  // Terraform makes all that such a resource depends on before it is destroyed, too: a queue that is replaced would be
  // made, under the name it has, and then deleted.
  it("makes nothing before it is destroyed but within one module", async () => {
    const modules = path.join(copy.path, "terraform", "modules");
    const files = (await readdir(modules, { recursive: true })).filter((file) => file.endsWith(".tf"));
    const first = await Promise.all(
      files.map(async (file) => {
        const text = await readFile(path.join(modules, file), "utf8");
        return [...text.matchAll(/^resource "(\w+)" "(\w+)" \{\n[\s\S]*?^\}/gm)]
          .filter(([block]) => block.includes("create_before_destroy"))
          .map(([, type, name]) => `module.${file.split(path.sep)[0]}.${type}.${name}`);
      }),
    );
    expect(first.flat()).toContain("module.api.aws_api_gateway_deployment.this");
    const graph = await terraform(["graph"]);
    const edges = [...graph.stdout.matchAll(/^\s*"([^"]+)" -> "([^"]+)";$/gm)];
    for (const start of first.flat()) {
      const reached = new Set([start]);
      for (const node of reached) {
        for (const [, from, to = ""] of edges) if (from === node) reached.add(to);
      }
      const module = start.split(".").slice(0, 2).join(".");
      const outside = [...reached].filter(
        (node) => !node.startsWith(`${module}.`) && !node.includes("data."),
      );
      expect(outside, start).toEqual([]);
    }
  });

  it("passes its own tests", async () => {
    const result = await terraform(["test", "-no-color"]);
    expect(result.exitCode, result.all).toBe(0);
    expect(result.stdout).toMatch(/Success! \d+ passed, 0 failed/);
  });

  it("derives the topology as its module's tests say, without a provider", async () => {
    const module = path.join("modules", "topology");
    const init = await terraform(["init", "-no-color", "-input=false"], module);
    expect(init.exitCode, init.all).toBe(0);
    const result = await terraform(["test", "-no-color"], module);
    expect(result.exitCode, result.all).toBe(0);
    expect(result.stdout).toMatch(/Success! \d+ passed, 0 failed/);
  });
});

describe("every module", async () => {
  const root = path.join(PACKAGE_ROOT, "terraform");
  const kinds = (await readdir(path.join(root, "modules"))).map((kind) => path.join("modules", kind));

  it.each(["", ...kinds])(
    "describes what goes in and out, in its files and its README: %s",
    async (module) => {
      const readme = await readFile(path.join(root, module, "README.md"), "utf8");
      for (const file of ["variables.tf", "outputs.tf"]) {
        for (const { name, body } of await blocks(path.join(root, module, file))) {
          expect(body, `${name} in ${file}`).toMatch(/\n {2}description\s*= ".+"\n/);
          expect(readme).toMatch(new RegExp(`^\\| \`${name}\` *\\|`, "m"));
        }
      }
    },
  );
});

/** The `variable` and `output` blocks of an HCL file. */
async function blocks(file: string): Promise<{ name: string; body: string }[]> {
  const text = await readFile(file, "utf8");
  return [...text.matchAll(/^(?:variable|output) "(\w+)" \{(\n[\s\S]*?^)\}/gm)].map(
    ([, name = "", body = ""]) => ({
      name,
      body,
    }),
  );
}
