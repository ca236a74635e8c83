import { callerAccount, resolveRegion } from "../aws/account.ts";
import { type Clients, createClients } from "../aws/clients.ts";
import { emulatorCredentials } from "../aws/emulator.ts";
import { partitionOf } from "../aws/regions.ts";
import type { AwsPlace } from "../aws/things.ts";
import type { Context } from "../context.ts";
import { CredentialsError, InvalidInputError } from "../errors.ts";
import { VERSION } from "../version.ts";
import { type Backend, formatBackend, parseBackend } from "./backend.ts";
import { compareVersions, findTerraform, type TerraformBinary } from "./binary.ts";
import { type EnvironmentPaths, environmentPaths } from "./paths.ts";
import { type EnvironmentRecord, readRecord } from "./record.ts";
import type { TerraformProcess } from "./run.ts";
import { type EnvironmentState, readState } from "./state.ts";

/** Everything that a command which changes an environment on AWS works with. */
export interface Session {
  context: Context;
  paths: EnvironmentPaths;
  binary: TerraformBinary;
  terraform: TerraformProcess;
  clients: Clients;
  place: AwsPlace;
  endpointUrl: string | null;
  project: string;
  backend: Backend;
  /** What this directory remembers of the environment. */
  record: EnvironmentRecord | undefined;
  /** State as it was when the session began. */
  state: EnvironmentState | undefined;
  /** Where that state still lies, when the backend is to be another: see {@link migrateState}. */
  movesFrom: Backend | undefined;
}

/** Static keys of the shell; the Go SDK would prefer them to a profile, the JavaScript SDK does not. */
const STATIC_KEYS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] as const;

/**
 * Finds Terraform, the account and the state, and checks that they belong together.
 * @param wantedBackend `--backend` or the configuration's; undefined stays where the state is.
 * @throws EdpError for a missing Terraform (5), credentials that fail (4), or an environment that was deployed to
 * another account or region, or by a newer edp (3).
 */
export async function openSession(context: Context, wantedBackend: string | undefined): Promise<Session> {
  const paths = environmentPaths(context.directory, context.env);
  const [record, binary] = await Promise.all([readRecord(paths), findTerraform(context.variables)]);
  const endpointUrl = context.endpointUrl ?? record?.endpointUrl ?? null;
  const backend = parseBackend(wantedBackend ?? record?.backend ?? context.config.backend ?? "local");
  const region = context.region ?? record?.region ?? (await resolveRegion(context, endpointUrl));
  const clients = createClients({ env: context.env, endpoint: endpointUrl, region }, context);
  try {
    const { accountId } = await callerAccount(clients, endpointUrl);
    const { project } = context.config;
    const place = { project, env: context.env, region, endpointUrl };
    const { state, movesFrom } = await locateState(backend, record, (where) =>
      readState(where, place, paths.state, clients),
    );
    checkSame(context.env, state, { accountId, region });
    return {
      context,
      paths,
      binary,
      clients,
      endpointUrl,
      project,
      backend,
      record,
      state,
      movesFrom,
      place: { partition: partitionOf(region).name, region, accountId },
      terraform: {
        binary: binary.path,
        work: paths.work,
        logs: paths.logs,
        variables: terraformVariables(context, region, endpointUrl),
      },
    };
  } catch (error) {
    clients.close();
    throw error;
  }
}

/**
 * Finds the state: in the backend, else in the one that this directory deployed with last.
 * @throws InvalidInputError BACKEND_CONFLICT when both hold a state of their own.
 */
async function locateState(
  backend: Backend,
  record: EnvironmentRecord | undefined,
  read: (where: Backend) => Promise<EnvironmentState | undefined>,
): Promise<Pick<Session, "state" | "movesFrom">> {
  const state = await read(backend);
  if (!record || record.backend === formatBackend(backend)) return { state, movesFrom: undefined };
  const before = parseBackend(record.backend);
  const old = await read(before);
  if (!old) return { state, movesFrom: undefined };
  if (!state) return { state: old, movesFrom: before };
  // The backend was this one before, and still has the copy of then.
  if (old.lineage === state.lineage) {
    return old.serial > state.serial ? { state: old, movesFrom: before } : { state, movesFrom: undefined };
  }
  throw new InvalidInputError(
    `${record.backend} and ${formatBackend(backend)} both hold a state of this environment, and not the same one.`,
    { code: "BACKEND_CONFLICT", hint: "Choose the one to keep with --backend, or another prefix." },
  );
}

/** The `EnvironmentRecord` of a session. */
export function recordOf(session: Session): EnvironmentRecord {
  return {
    backend: formatBackend(session.backend),
    project: session.project,
    region: session.place.region,
    endpointUrl: session.endpointUrl,
  };
}

/**
 * The environment variables of the Terraform process: the shell's (TF_CLI_CONFIG_FILE, proxies, credentials), and
 * what edp decides. Credentials travel here only, never in files or arguments.
 */
export function terraformVariables(
  context: Pick<Context, "variables" | "profile">,
  region: string,
  endpointUrl: string | null,
): NodeJS.ProcessEnv {
  const variables: NodeJS.ProcessEnv = {
    ...context.variables,
    TF_IN_AUTOMATION: "1",
    TF_INPUT: "0",
    CHECKPOINT_DISABLE: "1",
    TF_DATA_DIR: ".terraform",
    AWS_REGION: region,
  };
  // A workspace chosen in the shell would be another state.
  delete variables.TF_WORKSPACE;
  if (context.profile) {
    for (const name of STATIC_KEYS) delete variables[name];
    variables.AWS_PROFILE = context.profile;
  }
  if (endpointUrl !== null) {
    variables.AWS_ENDPOINT_URL = endpointUrl;
    const dummies = emulatorCredentials(endpointUrl, context);
    if (dummies) {
      variables.AWS_ACCESS_KEY_ID = dummies.accessKeyId;
      variables.AWS_SECRET_ACCESS_KEY = dummies.secretAccessKey;
    }
  }
  return variables;
}

function checkSame(
  env: string,
  state: EnvironmentState | undefined,
  now: { accountId: string; region: string },
): void {
  const outputs = state?.outputs;
  if (!outputs) return;
  if (outputs.accountId !== now.accountId) {
    throw new CredentialsError(
      `The environment ${env} is deployed in account ${outputs.accountId}; these credentials are of ${now.accountId}.`,
      { code: "WRONG_ACCOUNT", hint: "Choose the profile of that account with --profile, or another --env." },
    );
  }
  if (outputs.region !== now.region) {
    throw new InvalidInputError(
      `The environment ${env} is deployed in ${outputs.region}, and the region here is ${now.region}.`,
      {
        code: "WRONG_REGION",
        hint: `Give --region ${outputs.region}, or another --env for the other region.`,
      },
    );
  }
  if (outputs.edpVersion !== null && compareVersions(outputs.edpVersion, VERSION) > 0) {
    throw new InvalidInputError(
      `The environment ${env} was deployed by edp ${outputs.edpVersion}; this is the older ${VERSION}, which could undo what it does not know.`,
      { code: "NEWER_EDP", hint: `Use edp ${outputs.edpVersion} or newer.` },
    );
  }
}
