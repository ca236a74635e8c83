import { access, writeFile } from "node:fs/promises";
import path from "node:path";
import { mayLogRequests } from "../aws/rest-apis.ts";
import { type BuiltFunction, buildFunctions } from "../build/build.ts";
import { PACKAGE_ROOT, PIPELINES_DIRECTORY } from "../package-root.ts";
import type { Pipeline } from "../topology/types.ts";
import { VERSION } from "../version.ts";
import { backendBlock } from "./backend.ts";
import { deployedImages, type ImageVariables } from "./images.ts";
import type { Session } from "./session.ts";
import {
  BACKEND_FILE,
  FUNCTIONS_FOLDER,
  PIPELINES_FOLDER,
  VARIABLES_FILE,
  writeWorkspace,
} from "./workspace.ts";

/** The HCL that ships with edp. */
const HCL_DIRECTORY = path.join(PACKAGE_ROOT, "terraform");

/** Bundles the functions of these pipelines into zips. */
export async function buildZips(
  { context }: Session,
  pipelines: readonly Pipeline[],
): Promise<BuiltFunction[]> {
  const functions = pipelines.flatMap((pipeline) =>
    Object.keys(pipeline.functions).map((key) => ({ pipeline: pipeline.name, function: key })),
  );
  return context.terminal.spin(`Building ${functions.length} functions`, () =>
    buildFunctions({
      root: PACKAGE_ROOT,
      outDir: path.join(context.directory, ".edp", "build"),
      only: functions,
      reuse: true,
    }),
  );
}

/**
 * Makes the working copy hold these pipelines.
 * @param images which functions run images; the others run their zips
 */
export async function fillWorkspace(
  session: Session,
  pipelines: readonly Pipeline[],
  built: readonly BuiltFunction[],
  images: ImageVariables,
): Promise<void> {
  await writeWorkspace(session.paths, {
    hcl: HCL_DIRECTORY,
    pipelines: pipelines.map(({ name }) => path.join(PIPELINES_DIRECTORY, `${name}.json`)),
    zips: built.map((one) => one.path),
    variables: {
      ...rootVariables(
        session,
        pipelines.map(({ name }) => name),
        pipelines.some(({ apis }) => Object.keys(apis).length > 0) && (await mayLogRequests(session.clients)),
      ),
      ...images,
    },
    backend: backend(session),
  });
}

/** The same from the sources, with the functions packaged as they are deployed. */
export async function refillWorkspace(session: Session, pipelines: readonly Pipeline[]): Promise<void> {
  const names = pipelines.map(({ name }) => name);
  const built = await buildZips(session, pipelines);
  await fillWorkspace(session, pipelines, built, deployedImages(session.state, names));
}

/**
 * Leaves the HCL, pipeline files and zips as they were deployed and changes only which pipelines there should be,
 * so that a destroy does not update what stays.
 * @returns false where this directory has no working copy with these pipelines.
 */
export async function narrowWorkspace(session: Session, remaining: readonly string[]): Promise<boolean> {
  const { work } = session.paths;
  const needed = ["main.tf", ...remaining.map((name) => path.join(PIPELINES_FOLDER, `${name}.json`))];
  const there = await Promise.all(needed.map((file) => exists(path.join(work, file))));
  if (there.includes(false)) return false;
  const addresses = session.state?.outputs?.addresses ?? {};
  const withApis = remaining.some((name) => Object.keys(addresses[name]?.apis ?? {}).length > 0);
  const accessLogs = withApis && (await mayLogRequests(session.clients));
  const files = {
    [VARIABLES_FILE]: {
      ...rootVariables(session, remaining, accessLogs),
      ...deployedImages(session.state, remaining),
    },
    [BACKEND_FILE]: backend(session),
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(path.join(work, name), `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  }
  return true;
}

/** Input of the root module, terraform/variables.tf. */
export function rootVariables(
  session: Session,
  names: readonly string[],
  accessLogs: boolean,
): Record<string, unknown> {
  const { context, place, project, endpointUrl } = session;
  return {
    project,
    env: context.env,
    region: place.region,
    account_id: place.accountId,
    pipeline_names: [...names].sort(),
    pipelines_directory: PIPELINES_FOLDER,
    functions_directory: FUNCTIONS_FOLDER,
    alert_email: context.config.alertEmail ?? null,
    notify_emails: context.config.notifyEmails ?? [],
    upload_principals: context.config.uploadPrincipals ?? {},
    cors_allowed_origins: context.config.corsAllowedOrigins ?? [],
    api_access_logs: accessLogs,
    deletion_protection: context.config.deletionProtection ?? false,
    endpoint_url: endpointUrl?.replace(/\/$/, "") ?? null,
    function_endpoint_url: context.variables.EDP_FUNCTION_ENDPOINT_URL || null,
    edp_version: VERSION,
  };
}

function backend({ backend, project, context, place, endpointUrl }: Session): object {
  return backendBlock(backend, { project, env: context.env, region: place.region, endpointUrl });
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}
