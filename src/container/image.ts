import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { unzipSync } from "fflate";
import { PACKAGE_ROOT } from "../package-root.ts";
import { type ContainerTool, runTool, toolError } from "./tool.ts";

/** Makes the image of any function; ships with the sources of the functions. */
const DOCKERFILE = path.join(PACKAGE_ROOT, "src", "lambda", "Dockerfile");

/** What functions run on, as the zips do. */
const PLATFORM = "linux/arm64";

/** What a builder says that has no base image, or no engine, for the platform. */
const WRONG_PLATFORM =
  /no match(?:ing manifest| for platform)|does not match the specified platform|unsupported platform|platform.{0,40}not supported|only supported on a Docker daemon with experimental|exec format error|image operating system .* cannot be used/i;

export interface ImageRecipe {
  /** The function's zip, whose content the image holds. */
  zip: string;
  /** Instead of the Dockerfile's own base image. */
  baseImage: string | undefined;
}

/**
 * Name for the content of an image: the hash of all it is made of.
 * @param zipSha256 hash of the zip, in hex
 */
export async function imageTag(zipSha256: string, baseImage: string | undefined): Promise<string> {
  const parts = [await readFile(DOCKERFILE, "utf8"), PLATFORM, baseImage ?? "", zipSha256];
  return createHash("sha256").update(parts.join("\n")).digest("hex");
}

/**
 * Builds an image on this machine.
 * @param reference name and tag that it gets
 * @param directory for the build's context; made, and removed at the end
 * @throws EdpError IMAGE_PLATFORM or IMAGE_NOT_BUILT (exit 5)
 */
export async function buildImage(
  tool: ContainerTool,
  reference: string,
  { zip, baseImage }: ImageRecipe,
  directory: string,
): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  try {
    await writeContext(zip, directory);
    const base = baseImage === undefined ? [] : ["--build-arg", `BASE_IMAGE=${baseImage}`];
    const args = ["build", "--platform", PLATFORM, ...base, "--tag", reference, directory];
    const outcome = await runTool(tool, args);
    if (!outcome.succeeded) {
      const wrong = WRONG_PLATFORM.test(outcome.lastLines.join("\n"));
      throw toolError(
        wrong ? "IMAGE_PLATFORM" : "IMAGE_NOT_BUILT",
        `${tool.name} could not build ${reference}${wrong ? ` for ${PLATFORM}` : ""}`,
        outcome,
        wrong
          ? `Functions run on ${PLATFORM}: give EDP_BASE_IMAGE an image that is made for it, or use a ${tool.name} that builds for other platforms.`
          : "Check that this machine reaches the registry of the base image and has free space.",
      );
    }
    await checkPlatform(tool, reference);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Some builders take a base image for another platform with no more than a warning. */
async function checkPlatform(tool: ContainerTool, reference: string): Promise<void> {
  const outcome = await runTool(tool, [
    "image",
    "inspect",
    "--format",
    "{{.Os}}/{{.Architecture}}",
    reference,
  ]);
  if (outcome.succeeded && outcome.stdout.trim() === PLATFORM) return;
  throw toolError(
    "IMAGE_PLATFORM",
    `${tool.name} built ${reference}, but not for ${PLATFORM}`,
    outcome,
    `Functions run on ${PLATFORM}: give EDP_BASE_IMAGE an image that is made for it.`,
  );
}

/** Pushes an image. @throws EdpError IMAGE_NOT_PUSHED (exit 5) */
export async function pushImage(tool: ContainerTool, reference: string): Promise<void> {
  const outcome = await runTool(tool, ["push", reference]);
  if (outcome.succeeded) return;
  throw toolError(
    "IMAGE_NOT_PUSHED",
    `${tool.name} could not push ${reference}`,
    outcome,
    "Run the command again. `npx edp iam-policy --package image` prints what the deploying user needs.",
  );
}

/** The Dockerfile and, in `bundle/`, what the zip holds, readable for whoever Lambda runs it as. */
async function writeContext(zip: string, directory: string): Promise<void> {
  const bundle = path.join(directory, "bundle");
  await mkdir(bundle, { recursive: true });
  await copyFile(DOCKERFILE, path.join(directory, "Dockerfile"));
  for (const [name, content] of Object.entries(unzipSync(await readFile(zip)))) {
    await writeFile(path.join(bundle, name), content);
    await chmod(path.join(bundle, name), 0o644);
  }
  await chmod(bundle, 0o755);
}
