import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Clients, createClients } from "../../../src/aws/clients.ts";
import { createRepository, findImage, repositoryTags } from "../../../src/aws/repositories.ts";
import { zipFiles } from "../../../src/build/zip.ts";
import { PIPELINES_DIRECTORY } from "../../../src/package-root.ts";
import { findImages, imageVariables, prepareImages } from "../../../src/terraform/images.ts";
import type { Session } from "../../../src/terraform/session.ts";
import { loadPipelines } from "../../../src/topology/load.ts";
import type { Pipeline } from "../../../src/topology/types.ts";
import { testContext } from "../../support/context.ts";
import { fakeContainerTool } from "../../support/fake-container-tool.ts";
import { type Moto, motoAvailable, startMoto } from "../../support/moto.ts";
import { temporaryDirectory } from "../../support/services.ts";

const ID = "spotify/to-parquet";
const REPOSITORY = "edp-dev-spotify-to-parquet";
const TAGS = { project: "edp", env: "dev", "managed-by": "edp", pipeline: "spotify" };

/** Pushes to moto as a registry would. */
const PUSHES = `if (args[0] === "push") {
  const [repositoryName, imageTag] = args[1].replace(/^[^/]*\\//, "").split(":");
  const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType: "application/vnd.docker.distribution.manifest.v2+json", config: { mediaType: "x", size: 1, digest: "sha256:0" }, layers: [] });
  fetch(process.env.MOTO, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.PutImage",
      authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ecr/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: JSON.stringify({ repositoryName, imageTag, imageManifest }),
  }).then((answer) => process.exit(answer.ok ? 0 : 1));
}`;

describe.skipIf(!motoAvailable())("the images of an environment", () => {
  let moto: Moto;
  let clients: Clients;
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let pipelines: Pipeline[];

  beforeAll(async () => {
    moto = await startMoto();
    pipelines = (await loadPipelines([PIPELINES_DIRECTORY])).filter(({ name }) => name === "spotify");
  });
  afterAll(() => moto.stop());
  beforeEach(async () => {
    await fetch(`${moto.endpoint}/moto-api/reset`, { method: "POST" });
    directory = await temporaryDirectory();
    clients = createClients(
      { env: "dev", endpoint: moto.endpoint, region: "us-east-1" },
      testContext(directory.path, { env: "dev" }),
    );
  });
  afterEach(async () => {
    clients.close();
    await directory.remove();
  });

  const open = async (body: string, state?: Session["state"]) => {
    const { folder, calls } = await fakeContainerTool(directory.path, body);
    const variables = { HOME: directory.path, PATH: folder, MOTO: moto.endpoint };
    const context = testContext(directory.path, { env: "dev", variables });
    const place = { partition: "aws", region: "us-east-1", accountId: "123456789012" };
    const session = { clients, context, place, project: "edp", state } as unknown as Session;
    const zip = path.join(directory.path, "f.zip");
    await writeFile(zip, zipFiles({ "index.mjs": Buffer.from("export const handler = 1;") }));
    const built = [{ pipeline: "spotify", function: "to-parquet", path: zip, bytes: 1, sha256: "a" }];
    const find = () => findImages(session, pipelines, built);
    const ran = async () => (await calls()).map(({ args }) => args[0]);
    return { session, find, ran };
  };

  it("are built and signed in for before anything is made, pushed then, and not again", async () => {
    const { session, find, ran } = await open(PUSHES);
    const images = await find();
    const [{ tag } = { tag: "" }] = images;
    expect(imageVariables(images)).toEqual({ images: { [ID]: tag }, existing_repositories: [] });

    const pending = await prepareImages(session, images);
    expect(await ran()).toEqual(["info", "login", "build", "image"]);
    expect(await findImage(clients, REPOSITORY, tag)).toBe("no-repository");

    const created = await pending?.push();
    await pending?.close();
    expect(created).toEqual([REPOSITORY]);
    expect(imageVariables(images, created).existing_repositories).toEqual([ID]);
    expect(await repositoryTags(clients, REPOSITORY)).toEqual(TAGS);
    expect(await findImage(clients, REPOSITORY, tag)).toBe("pushed");
    expect((await ran()).slice(4)).toEqual(["push", "logout"]);

    expect(await prepareImages(session, await find())).toBeUndefined();
    expect(await ran()).toHaveLength(6);
  });

  it("that can't be pushed leave no repository behind, but those that were there", async () => {
    const { session, find } = await open('if (args[0] === "push") process.exit(1);');
    const failing = await prepareImages(session, await find());
    await expect(failing?.push()).rejects.toMatchObject({ code: "IMAGE_NOT_PUSHED" });
    await failing?.close();
    expect(await findImage(clients, REPOSITORY, "1")).toBe("no-repository");

    await createRepository(clients, REPOSITORY, TAGS);
    const again = await prepareImages(session, await find());
    await expect(again?.push()).rejects.toMatchObject({ code: "IMAGE_NOT_PUSHED" });
    await again?.close();
    expect(await findImage(clients, REPOSITORY, "1")).toBe("missing");
  });

  it("that can't be built leave no login", async () => {
    const { session, find, ran } = await open('if (args[0] === "build") process.exit(1);');
    await expect(prepareImages(session, await find())).rejects.toMatchObject({ code: "IMAGE_NOT_BUILT" });
    expect((await ran()).at(-1)).toBe("logout");
  });

  it("fail with a word of ECR's where it refuses", async () => {
    const { find, session } = await open("");
    const refusing = createServer((_request, answer) => {
      answer.statusCode = 400;
      answer.end(JSON.stringify({ __type: "com.amazonaws.ecr#AccessDeniedException", message: "not you" }));
    });
    await new Promise<void>((resolve) => refusing.listen(0, "127.0.0.1", resolve));
    const { port } = refusing.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${port}`;
    const theirs = createClients({ env: "dev", endpoint, region: "us-east-1" }, session.context);
    Object.assign(session, { clients: theirs });
    await expect(find()).rejects.toMatchObject({ code: "ACCESS_DENIED", exitCode: 4 });
    theirs.close();
    refusing.close();
  });

  it("take over a repository of this environment only", async () => {
    await createRepository(clients, REPOSITORY, { ...TAGS, env: "prod" });
    const { find } = await open("");
    await expect(find()).rejects.toMatchObject({ code: "NAME_TAKEN", exitCode: 3 });
    const resources = [{ type: "aws_ecr_repository", attributes: { name: REPOSITORY } }];
    const { find: asOwner } = await open("", { resources } as unknown as Session["state"]);
    expect(imageVariables(await asOwner()).existing_repositories).toEqual([ID]);
  });
});
