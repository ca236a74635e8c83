import { createStateBucket, findStateBucket } from "../aws/backend.ts";
import { EdpError, EXIT, InvalidInputError, UsageError } from "../errors.ts";
import { confirmYes } from "../terminal/confirm.ts";
import { formatBackend, parseBackend } from "./backend.ts";
import { diagnose } from "./diagnose.ts";
import { captureTerraform } from "./run.ts";
import type { Session } from "./session.ts";
import { readState } from "./state.ts";
import { forgetInit } from "./workspace.ts";

/**
 * Makes the S3 backend's bucket where it does not exist yet.
 * @param create false for a command that changes nothing.
 */
export async function ensureBackend(session: Session, create: boolean): Promise<void> {
  const { backend, clients, context, place } = session;
  if (backend.kind === "local" || (await findStateBucket(clients, backend.bucket)) === "present") return;
  if (!create) {
    throw new UsageError(
      `The state bucket ${backend.bucket} does not exist yet, and --plan-only changes nothing.`,
      {
        hint: "Deploy without --plan-only to create it, or plan with `--backend local`.",
      },
    );
  }
  await confirmYes(
    context,
    `Create the bucket ${backend.bucket} for the Terraform state (versioned, encrypted, private)?`,
  );
  await context.terminal.spin(`Creating the state bucket ${backend.bucket}`, () =>
    createStateBucket(clients, backend.bucket, place.region),
  );
}

/**
 * Moves the state when the backend is another than the one this directory deployed with last.
 * Call it with the working copy written. The old state is kept by its backend (terraform.tfstate.backup, or a
 * version in the bucket).
 * @throws InvalidInputError BACKEND_CONFLICT when both backends hold a state of their own.
 */
export async function migrateState(session: Session, allowed: boolean): Promise<void> {
  const { record, backend, binary, clients, context, endpointUrl, paths, place, project, terraform } =
    session;
  if (!record || record.backend === formatBackend(backend)) return;
  const before = parseBackend(record.backend);
  const old = await readState(before, { ...record, env: context.env }, paths.state, clients);
  await forgetInit(paths);
  if (!old || old.lineage === session.state?.lineage) return;
  if (session.state) {
    throw new InvalidInputError(
      `${record.backend} and ${formatBackend(backend)} both hold a state of ${context.env}, and not the same one.`,
      { code: "BACKEND_CONFLICT", hint: "Choose the one to keep with --backend, or another prefix." },
    );
  }
  if (!allowed) {
    throw new UsageError(
      `The state of ${context.env} is in ${record.backend}, and --plan-only moves nothing.`,
      {
        hint: `Plan with \`--backend ${record.backend}\`, or deploy to move the state.`,
      },
    );
  }
  await confirmYes(
    context,
    `Move the state of ${context.env} from ${record.backend} to ${formatBackend(backend)}?`,
  );
  const moved = await context.terminal.spin("Moving the Terraform state", () =>
    captureTerraform(terraform, ["init", "-input=false", "-no-color", "-migrate-state", "-force-copy"]),
  );
  if (!moved.succeeded) throw diagnose(`${binary.product} init`, [], moved.stderr.split("\n"));
  session.state = await readState(
    backend,
    { project, env: context.env, region: place.region, endpointUrl },
    paths.state,
    clients,
  );
  if (session.state?.lineage !== old.lineage) {
    throw new EdpError(
      "MIGRATION_FAILED",
      EXIT.terraform,
      `The state did not arrive in ${formatBackend(backend)}.`,
      {
        hint: `It is still in ${record.backend}: go on with \`--backend ${record.backend}\`.`,
      },
    );
  }
}
