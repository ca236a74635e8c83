import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { zipFiles } from "../../../src/build/zip.ts";
import { buildImage, imageTag, pushImage } from "../../../src/container/image.ts";
import { signIn } from "../../../src/container/registry.ts";
import { type ContainerTool, findContainerTool } from "../../../src/container/tool.ts";
import { InterruptedError } from "../../../src/errors.ts";
import { fakeContainerTool } from "../../support/fake-container-tool.ts";
import { temporaryDirectory } from "../../support/services.ts";

const REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
const LOGIN = { registry: REGISTRY, username: "AWS", password: "made-up-for-this-test" };
const IMAGE = `${REGISTRY}/edp-dev-plain-worker:1`;

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
const never = new AbortController().signal;
const find = (variables: NodeJS.ProcessEnv) =>
  findContainerTool({ HOME: directory.path, ...variables }, never);
/** A tool that does what the body says, or nothing and succeeds. */
const play = async (body = "", variables: NodeJS.ProcessEnv = {}) => {
  const { folder, calls } = await fakeContainerTool(directory.path, body);
  return { tool: await find({ PATH: folder, ...variables }), calls };
};

beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

describe("the container tool", () => {
  it("is the first of docker, podman and finch on the PATH", async () => {
    const { folder } = await fakeContainerTool(directory.path, "", "finch");
    expect((await find({ PATH: folder })).name).toBe("finch");
    await fakeContainerTool(directory.path, "", "podman");
    expect((await find({ PATH: folder })).name).toBe("podman");
  });

  it("is the one that EDP_CONTAINER_TOOL names, wherever it is", async () => {
    const { folder } = await fakeContainerTool(directory.path);
    const { file } = await fakeContainerTool(path.join(directory.path, "other"), "", "nerdctl");
    expect((await find({ PATH: folder, EDP_CONTAINER_TOOL: file })).path).toBe(file);
    await expect(find({ PATH: folder, EDP_CONTAINER_TOOL: "finch" })).rejects.toMatchObject({
      code: "CONTAINER_TOOL_MISSING",
      message: expect.stringContaining("EDP_CONTAINER_TOOL names finch"),
    });
  });

  it("is missed with a word on what does without", async () => {
    await expect(find({ PATH: directory.path })).rejects.toMatchObject({
      code: "CONTAINER_TOOL_MISSING",
      exitCode: 5,
      hint: expect.stringContaining("--package zip"),
    });
  });

  it("has to work, and says itself why it does not", async () => {
    await expect(
      play('if (args[0] === "info") { say("Cannot connect to the daemon"); process.exit(1); }'),
    ).rejects.toMatchObject({
      code: "CONTAINER_TOOL_NOT_RUNNING",
      exitCode: 5,
      message: expect.stringContaining("Cannot connect to the daemon"),
    });
  });
});

describe("signing in", () => {
  it("hands the password to stdin alone, and keeps the login in a directory that is gone afterwards", async () => {
    const { tool, calls } = await play(
      'if (args[0] === "login") fs.writeFileSync(path.join(process.env.DOCKER_CONFIG, "config.json"), "{}");',
    );
    const { tool: signedIn, signOut } = await signIn(tool, LOGIN);
    const store = signedIn.variables.DOCKER_CONFIG ?? "";
    expect((await stat(path.dirname(store))).mode & 0o777).toBe(0o700);
    await pushImage(signedIn, IMAGE);
    await signOut();
    await expect(stat(store)).rejects.toThrow("ENOENT");

    const [, login, push, logout] = await calls();
    expect(login).toMatchObject({
      args: ["login", "--username", "AWS", "--password-stdin", REGISTRY],
      stdin: LOGIN.password,
    });
    expect(push?.variables).toMatchObject({
      DOCKER_CONFIG: store,
      REGISTRY_AUTH_FILE: path.join(path.dirname(store), "auth.json"),
    });
    expect(logout?.args).toEqual(["logout", REGISTRY]);
    for (const { args, variables } of await calls())
      expect(JSON.stringify([args, variables])).not.toContain(LOGIN.password);
  });

  it("takes the daemon that docker is set to, and none of its logins", async () => {
    const users = path.join(directory.path, ".docker");
    await mkdir(path.join(users, "contexts", "meta"), { recursive: true });
    await writeFile(
      path.join(users, "config.json"),
      JSON.stringify({ currentContext: "colima", auths: { "example.com": { auth: "x" } } }),
    );
    const { tool } = await play();
    const { tool: signedIn, signOut } = await signIn(tool, LOGIN);
    const store = signedIn.variables.DOCKER_CONFIG ?? "";
    expect(JSON.parse(await readFile(path.join(store, "config.json"), "utf8"))).toEqual({
      currentContext: "colima",
    });
    expect(await readdir(path.join(store, "contexts"))).toEqual(["meta"]);
    await signOut();
    expect(await readdir(path.join(users, "contexts"))).toEqual(["meta"]);
  });

  it("that is refused says why, without the password, and leaves nothing", async () => {
    const { tool, calls } = await play(
      'if (args[0] === "login") { say("401 for " + stdin); process.exit(1); }',
    );
    await expect(signIn(tool, LOGIN)).rejects.toMatchObject({
      code: "REGISTRY_LOGIN_REFUSED",
      message: expect.stringContaining("401 for ***"),
    });
    const [, login] = await calls();
    await expect(stat(login?.variables.DOCKER_CONFIG ?? "")).rejects.toThrow("ENOENT");
  });
});

describe("an image", () => {
  const build = async (tool: ContainerTool, baseImage?: string) => {
    const zip = path.join(directory.path, "f.zip");
    await writeFile(zip, zipFiles({ "index.mjs": Buffer.from("export const handler = 1;") }));
    await buildImage(tool, IMAGE, { zip, baseImage }, path.join(directory.path, "context"));
  };

  it("is built for arm64 from what the zip holds, without attestations, and the context is gone", async () => {
    const { tool, calls } = await play();
    await build(tool);
    const context = path.join(directory.path, "context");
    const [, made, inspected] = await calls();
    expect(made?.args).toEqual(["build", "--platform", "linux/arm64", "--tag", IMAGE, context]);
    expect(made?.context).toMatchObject({ Dockerfile: expect.any(String), "bundle/index.mjs": "644" });
    expect(made?.variables.BUILDX_NO_DEFAULT_ATTESTATIONS).toBe("1");
    expect(inspected?.args.slice(0, 2)).toEqual(["image", "inspect"]);
    await expect(stat(context)).rejects.toThrow("ENOENT");
  });

  it("has the base image that is asked for", async () => {
    const { tool, calls } = await play();
    await build(tool, "example.com/node:22");
    expect((await calls())[1]?.args).toContain("BASE_IMAGE=example.com/node:22");
  });

  it.each([
    ["no match for platform in manifest: not found", "IMAGE_PLATFORM"],
    ["exec /bin/sh: exec format error", "IMAGE_PLATFORM"],
    ["failed to solve: i/o timeout", "IMAGE_NOT_BUILT"],
  ])("that can't be built says why: %s", async (line, code) => {
    const { tool } = await play(
      `if (args[0] === "build") { say(${JSON.stringify(line)}); process.exit(1); }`,
    );
    await expect(build(tool)).rejects.toMatchObject({
      code,
      exitCode: 5,
      message: expect.stringContaining(line),
    });
  });

  it("that came out for another platform is refused", async () => {
    const { tool } = await play("", { FAKE_PLATFORM: "linux/amd64" });
    await expect(build(tool)).rejects.toMatchObject({
      code: "IMAGE_PLATFORM",
      message: expect.stringContaining("linux/amd64"),
    });
  });

  it("that can't be pushed says the tool's last lines only", async () => {
    const { tool } = await play(
      'if (args[0] === "push") { for (let n = 1; n <= 20; n++) say("line " + n); say("denied"); process.exit(1); }',
    );
    const error = (await pushImage(tool, IMAGE).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ code: "IMAGE_NOT_PUSHED" });
    expect(error.message.split("\n")).toHaveLength(9);
    expect(error.message).toMatch(/denied$/);
  });

  it("is given up at Ctrl-C", async () => {
    const { folder } = await fakeContainerTool(
      directory.path,
      'if (args[0] === "push") setInterval(() => {}, 1e3);',
    );
    const abort = new AbortController();
    const tool = await findContainerTool({ PATH: folder }, abort.signal);
    const pushing = pushImage(tool, IMAGE);
    abort.abort(new InterruptedError());
    await expect(pushing).rejects.toBeInstanceOf(InterruptedError);
  });
});

describe("the tag of an image", () => {
  it("is another when the zip or the base image is", async () => {
    const tags = await Promise.all([imageTag("a", undefined), imageTag("b", undefined), imageTag("a", "x")]);
    expect(new Set(tags).size).toBe(3);
    expect(await imageTag("a", undefined)).toBe(tags[0]);
    for (const tag of tags) expect(tag).toMatch(/^[0-9a-f]{64}$/);
  });
});
