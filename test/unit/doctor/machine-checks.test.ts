import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Machine } from "../../../src/doctor/check.ts";
import { configuration } from "../../../src/doctor/configuration.ts";
import { judgeBuild } from "../../../src/doctor/installation.ts";
import { listenFault, localEngine } from "../../../src/doctor/local-engine.ts";
import { judgeNode } from "../../../src/doctor/node.ts";
import { judgeSpace, projectDirectory } from "../../../src/doctor/project-directory.ts";
import { PROVIDER_CONSTRAINT, providerMirror } from "../../../src/doctor/provider-mirror.ts";
import { writeState } from "../../../src/local/state.ts";
import { PACKAGE_ROOT } from "../../../src/package-root.ts";
import { testContext } from "../../support/context.ts";
import { temporaryDirectory } from "../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

const signal = new AbortController().signal;
const machine = (at = directory.path): Machine => ({
  context: testContext(at),
  aws: { level: "none", reason: "", hasCredentials: false },
  identities: { in: async () => ({ kind: "none", message: "" }) },
  deep: false,
});
const put = async (name: string, text = "") => {
  const file = path.join(directory.path, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
};

describe("the Node check", () => {
  it.each([
    ["20.19.0", "ok"],
    ["24.1.0", "ok"],
    ["20.18.9", "fail"],
    ["18.20.4", "fail"],
  ])("judges %s as %s", (version, status) => {
    expect(judgeNode(version, ">=20.19").status).toBe(status);
  });
});

describe("the project directory check", () => {
  it("writes and leaves nothing behind", async () => {
    expect((await projectDirectory.run(machine(), signal)).message).toContain("is writable");
  });

  it("fails where it can't write", async () => {
    const gone = machine(path.join(directory.path, "gone"));
    expect(await projectDirectory.run(gone, signal)).toMatchObject({ status: "fail" });
  });

  it.each([
    [50e9, "ok"],
    [500e6, "warn"],
    [50e6, "fail"],
  ])("judges %i free bytes as %s", (bytes, status) => {
    expect(judgeSpace("/x", bytes).status).toBe(status);
  });
});

describe("the configuration check", () => {
  it("is content without a file, and with a right one", async () => {
    expect(await configuration.run(machine(), signal)).toMatchObject({ status: "ok" });
    await put("edp.config.json", '{"project":"acme"}');
    expect(await configuration.run(machine(), signal)).toMatchObject({
      message: "edp.config.json sets project",
    });
  });

  it("shows every fault of a wrong one", async () => {
    await put("edp.config.json", '{"project":"A","x":1}');
    expect(await configuration.run(machine(), signal)).toMatchObject({
      status: "fail",
      message: expect.stringMatching(/2 fault/),
      fix: expect.stringContaining("edp init"),
    });
  });
});

describe("the installation check", () => {
  const build = async () => {
    for (const name of ["cli", "engine", "lambda-worker"]) await put(`dist/${name}.js`);
  };

  it("names the programs that are missing", async () => {
    await put("dist/cli.js");
    expect(await judgeBuild(directory.path)).toMatchObject({
      status: "fail",
      message: "dist/engine.js, dist/lambda-worker.js missing",
      fix: expect.stringContaining("npm run build"),
    });
  });

  it("warns of a build that is older than its sources, but not than a Lambda's", async () => {
    await build();
    const [source, lambda] = [await put("src/cli.ts"), await put("src/lambda/spotify/x.ts")];
    const [past, future] = [new Date(Date.now() - 60_000), new Date(Date.now() + 60_000)];
    await utimes(source, past, past);
    await utimes(lambda, future, future);
    expect(await judgeBuild(directory.path)).toMatchObject({ status: "ok" });
    await utimes(source, future, future);
    expect(await judgeBuild(directory.path)).toMatchObject({
      status: "warn",
      message: expect.stringContaining("src/cli.ts"),
    });
  });

  it("needs no sources in an installed package", async () => {
    await build();
    expect(await judgeBuild(directory.path)).toMatchObject({ status: "ok" });
  });
});

describe("the local engine check", () => {
  it("warns of a port that another program has", async () => {
    const other = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    expect(await listenFault(port)).toBe("EADDRINUSE");
    // The same after a restart: the port that was recorded is the one that is tried.
    await writeState(directory.path, { pid: 1, port, version: "0", startedAt: "", token: "t" });
    expect(await localEngine.run(machine(), signal)).toMatchObject({ status: "warn" });
    await new Promise((resolve) => other.close(resolve));
    expect(await listenFault(port)).toBeUndefined();
    expect(await localEngine.run(machine(), signal)).toMatchObject({
      status: "ok",
      message: expect.stringContaining("ended without being stopped"),
    });
  });
});

describe("the provider's mirror", () => {
  const mirror = async (versions: string[], more = "") => {
    for (const version of versions) await put(`mirror/registry.terraform.io/hashicorp/aws/${version}/x`);
    const rc = `provider_installation {\n  filesystem_mirror {\n    path = "${directory.path}/mirror"\n  }\n${more}}\n`;
    return providerMirror({ TF_CLI_CONFIG_FILE: await put("rc", rc) }, "terraform");
  };

  it("is used where it holds a version that fits", async () => {
    expect(await mirror(["4.67.0", "5.100.0", "6.2.0", "7.0.0"])).toMatchObject({
      status: "ok",
      message: expect.stringContaining("hashicorp/aws 6.2.0"),
    });
  });

  it("is searched for the versions that the HCL asks for", async () => {
    const versions = await readFile(path.join(PACKAGE_ROOT, "terraform", "versions.tf"), "utf8");
    expect(versions).toContain(`"${PROVIDER_CONSTRAINT}"`);
  });

  it("is a failure where it holds none and nothing else is allowed", async () => {
    expect(await mirror(["5.99.1"])).toMatchObject({
      status: "fail",
      fix: expect.stringContaining("direct"),
    });
  });

  it("leaves it to the registry where that is allowed, or no mirror is configured", async () => {
    expect(await mirror([], "  direct {}\n")).toBeUndefined();
    expect(await providerMirror({ HOME: directory.path }, "terraform")).toBeUndefined();
  });
});
