import path from "node:path";
import { userError } from "../aws/errors.ts";
import {
  createRepository,
  deleteRepository,
  findImage,
  type ImagePlace,
  registryLogin,
  repositoryTags,
} from "../aws/repositories.ts";
import { ServiceCallError } from "../aws/signed-call.ts";
import type { BuiltFunction } from "../build/build.ts";
import type { Packaging } from "../build/packaging.ts";
import { buildImage, imageTag, pushImage } from "../container/image.ts";
import { type SignedInTool, signIn } from "../container/registry.ts";
import { findContainerTool } from "../container/tool.ts";
import { EdpError, EXIT, InvalidInputError } from "../errors.ts";
import { physicalNames } from "../topology/names.ts";
import type { Pipeline } from "../topology/types.ts";
import type { Session } from "./session.ts";
import type { EnvironmentState } from "./state.ts";

/** The image that a function is to run. */
export interface FunctionImage {
  /** `<pipeline>/<function>` */
  id: string;
  pipeline: string;
  /** Called like the function. */
  repository: string;
  /** Hash of what it is made of: an image that is there is the right one. */
  tag: string;
  place: ImagePlace;
  zip: string;
}

/** What ECR takes for a name: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html */
const REPOSITORY_NAME = /^[a-z0-9]+([._-][a-z0-9]+)*$/;

/** How an environment is packaged: as asked for, else as it is, else as zips. */
export function packagingOf(asked: Packaging | undefined, state: EnvironmentState | undefined): Packaging {
  return asked ?? (deployedFunctions(state).length > 0 ? "image" : "zip");
}

/** Names the images of these functions and looks which of them are pushed. Changes nothing. */
export async function findImages(
  session: Session,
  pipelines: readonly Pipeline[],
  built: readonly BuiltFunction[],
): Promise<FunctionImage[]> {
  const { clients, context, place, project } = session;
  const names = new Map(
    pipelines.map((pipeline) => [
      pipeline.name,
      physicalNames(pipeline, { project, env: context.env, accountId: place.accountId }).functions,
    ]),
  );
  const images = await context.terminal.spin("Looking for the functions' images", () =>
    Promise.all(
      built.map(async ({ pipeline, function: key, sha256, path: zip }): Promise<FunctionImage> => {
        const repository = names.get(pipeline)?.[key] ?? "";
        if (!REPOSITORY_NAME.test(repository)) throw unnameable(repository);
        const tag = await imageTag(sha256, baseImage(session));
        const there = await asUserError(session, findImage(clients, repository, tag));
        return { id: `${pipeline}/${key}`, pipeline, repository, tag, place: there, zip };
      }),
    ),
  );
  await refuseForeign(session, images);
  return images;
}

function unnameable(repository: string): InvalidInputError {
  return new InvalidInputError(
    `ECR takes no repository called ${repository}: no two hyphens in a row, none at the end.`,
    {
      hint: "Choose another `project` in edp.config.json, or another --env, or deploy with --package zip.",
    },
  );
}

/** Inputs of the root module, terraform/variables.tf. */
export interface ImageVariables {
  images: Record<string, string>;
  existing_repositories: string[];
}

/** @param created names of repositories that were made since the images were looked for */
export function imageVariables(
  images: readonly FunctionImage[],
  created: readonly string[] = [],
): ImageVariables {
  const exists = ({ place, repository }: FunctionImage) =>
    place !== "no-repository" || created.includes(repository);
  return {
    images: Object.fromEntries(images.map(({ id, tag }) => [id, tag])),
    existing_repositories: images.filter(exists).map(({ id }) => id),
  };
}

/** The same for the functions as they are deployed: for plans that are to leave them alone. */
export function deployedImages(
  state: EnvironmentState | undefined,
  pipelines: readonly string[],
): ImageVariables {
  const deployed = deployedFunctions(state).filter(({ pipeline }) => pipelines.includes(pipeline));
  return {
    images: Object.fromEntries(deployed.map(({ pipeline, key, tag }) => [`${pipeline}/${key}`, tag])),
    existing_repositories: [],
  };
}

/** The functions of a state that run images. */
function deployedFunctions(state: EnvironmentState | undefined) {
  return (state?.resources ?? []).flatMap(({ type, attributes }) => {
    const { image_uri: uri, function_name: name } = attributes;
    const { project, env, pipeline } = (attributes.tags_all ?? {}) as Record<string, string>;
    if (type !== "aws_lambda_function" || typeof uri !== "string" || uri === "" || !pipeline) return [];
    const key = String(name).slice(`${project}-${env}-${pipeline}-`.length);
    return [{ pipeline, key, tag: uri.slice(uri.lastIndexOf(":") + 1) }];
  });
}

/** What ECR answers as the user's error, so that nobody takes a missing permission for a bug. */
async function asUserError<T>({ context }: Session, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof ServiceCallError)) throw error;
    throw (
      userError(error, context.env) ??
      new EdpError("ECR_FAILED", EXIT.terraform, `ECR answers ${error.name}: ${error.message}`, {
        hint: "Images need ECR, which not every emulator has: deploy with --package zip there. `npx edp iam-policy --package image` prints what the deploying user needs.",
        cause: error,
      })
    );
  }
}

/** A repository of somebody else would become ours, and be deleted by a destroy. */
async function refuseForeign(session: Session, images: readonly FunctionImage[]): Promise<void> {
  const { clients, context, project, state } = session;
  const ours = new Set(
    (state?.resources ?? []).flatMap(({ type, attributes }) =>
      type === "aws_ecr_repository" ? [attributes.name] : [],
    ),
  );
  for (const { place, repository } of images) {
    if (place === "no-repository" || ours.has(repository)) continue;
    const tags = await asUserError(session, repositoryTags(clients, repository));
    if (tags["managed-by"] === "edp" && tags.project === project && tags.env === context.env) continue;
    throw new InvalidInputError(`The ECR repository ${repository} exists, and is not this environment's.`, {
      code: "NAME_TAKEN",
      hint: "Remove it, or choose another `project` or --env.",
    });
  }
}

/** Images that were built here and wait for being pushed. */
export interface PendingImages {
  /**
   * Makes the repositories that are missing, and pushes. Where that fails, the repositories are gone again.
   * @returns names of the repositories that it made
   */
  push(): Promise<string[]>;
  /** Has to be called, whatever happens. */
  close(): Promise<void>;
}

/**
 * Builds the images that are not pushed yet, after everything that pushing needs was tried: nothing of AWS is
 * changed until {@link PendingImages.push}. Needs no container tool where all are pushed.
 * @throws EdpError of src/container (exit 5)
 */
export async function prepareImages(
  session: Session,
  images: readonly FunctionImage[],
): Promise<PendingImages | undefined> {
  const wanted = images.filter(({ place }) => place !== "pushed");
  if (wanted.length === 0) return undefined;
  const { clients, context } = session;
  const { terminal } = context;
  const tool = await findContainerTool(context.variables, context.signal);
  const login = await asUserError(session, registryLogin(clients));
  const signedIn = await terminal.spin(`Signing ${tool.name} in to ${login.registry}`, () =>
    signIn(tool, login),
  );
  try {
    for (const [index, image] of wanted.entries()) {
      const { id, zip } = image;
      await terminal.spin(`Building image ${index + 1} of ${wanted.length}: ${id}`, () =>
        buildImage(
          tool,
          reference(signedIn, image),
          { zip, baseImage: baseImage(session) },
          path.join(context.directory, ".edp", "build", `${id.replace("/", "-")}.image`),
        ),
      );
    }
  } catch (error) {
    await signedIn.signOut();
    throw error;
  }
  return {
    push: () => push(session, signedIn, wanted),
    close: () => signedIn.signOut(),
  };
}

async function push(
  session: Session,
  signedIn: SignedInTool,
  wanted: readonly FunctionImage[],
): Promise<string[]> {
  const { clients, context, project } = session;
  const created: string[] = [];
  try {
    for (const { place, repository, pipeline } of wanted) {
      const tags = { project, env: context.env, "managed-by": "edp", pipeline };
      if (place !== "no-repository") continue;
      if (await asUserError(session, createRepository(clients, repository, tags))) created.push(repository);
    }
    for (const [index, image] of wanted.entries()) {
      await context.terminal.spin(`Pushing image ${index + 1} of ${wanted.length}: ${image.id}`, () =>
        pushImage(signedIn.tool, reference(signedIn, image)),
      );
    }
    return created;
  } catch (error) {
    // Terraform doesn't know them yet, so that no destroy would find them.
    for (const repository of created) {
      await deleteRepository(clients, repository).catch(({ message }: Error) =>
        context.terminal.warn(
          `The ECR repository ${repository} is left over (${message}); the next deploy takes it over.`,
        ),
      );
    }
    throw error;
  }
}

function reference({ registry }: SignedInTool, { repository, tag }: FunctionImage): string {
  return `${registry}/${repository}:${tag}`;
}

function baseImage({ context }: Session): string | undefined {
  return context.variables.EDP_BASE_IMAGE || undefined;
}
