import { rename, writeFile } from "node:fs/promises";
import { createStateBucket, findStateBucket } from "../aws/backend.ts";
import { UsageError } from "../errors.ts";
import { confirmYes } from "../terminal/confirm.ts";
import { formatBackend, stateKey } from "./backend.ts";
import type { Session } from "./session.ts";

/**
 * Makes the S3 backend's bucket where it does not exist yet.
 * @param create false for a command that changes nothing.
 */
export async function ensureBackend(session: Session, create: boolean): Promise<void> {
  const { backend, clients, context, endpointUrl, place } = session;
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
    createStateBucket(clients, backend.bucket, place.region, endpointUrl),
  );
}

/**
 * Moves the state when the backend is another than the one this directory deployed with last, byte for byte:
 * `terraform init -migrate-state` and `state push` give it a new lineage in S3, and the copy that stays in the old
 * backend could then not be told from a state of its own.
 */
export async function migrateState(session: Session): Promise<void> {
  const { movesFrom, state, backend, clients, context, paths, project } = session;
  if (!movesFrom || !state) return;
  await context.terminal.spin(`Moving the Terraform state to ${formatBackend(backend)}`, async () => {
    if (backend.kind === "local") {
      await writeFile(`${paths.state}.new`, state.text, { mode: 0o600 });
      return rename(`${paths.state}.new`, paths.state);
    }
    const { PutObjectCommand } = await import("@aws-sdk/client-s3");
    const Key = stateKey(backend, project, context.env);
    await (await clients.s3()).send(
      new PutObjectCommand({
        Bucket: backend.bucket,
        Key,
        Body: state.text,
        ContentType: "application/json",
      }),
    );
  });
}

/**
 * Asks before the state moves.
 * @param allowed false for a command that changes nothing.
 */
export async function confirmMove({ movesFrom, backend, context }: Session, allowed: boolean): Promise<void> {
  if (!movesFrom) return;
  const from = formatBackend(movesFrom);
  if (!allowed) {
    throw new UsageError(`The state of ${context.env} is in ${from}, and --plan-only moves nothing.`, {
      hint: `Plan with \`--backend ${from}\`, or deploy to move the state.`,
    });
  }
  await confirmYes(context, `Move the state of ${context.env} from ${from} to ${formatBackend(backend)}?`);
}
