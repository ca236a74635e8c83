import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Context } from "../../context.ts";
import { InvalidInputError } from "../../errors.ts";
import { METADATA } from "../../lambda/warehouse/run/batch.ts";
import { FOLDER } from "../../lambda/warehouse/run/datasets.ts";
import { counted } from "../../terminal/format.ts";
import type { Deployment } from "../../topology/deployment.ts";
import { deployedPipeline } from "../deployed-pipeline.ts";
import type { FilesResult } from "../files/result.ts";
import { sendFiles } from "../files/send-files.ts";
import type { FileToSend } from "../files/upload-file.ts";
import { checkFile } from "./check-file.ts";
import { type BatchFile, findFiles, lacking } from "./find-files.ts";
import { downloadBatch } from "./s3-source.ts";
import { type SampleSize, writeSample } from "./sample.ts";
import { waitForRun } from "./wait.ts";

export const PIPELINE = "warehouse";
/** Key of the bucket in `terraform/pipelines/warehouse.json`. */
const INBOX = "inbox";

export interface WarehouseRequest {
  input:
    | { kind: "paths"; paths: readonly string[] }
    | { kind: "s3"; url: string; signed: boolean }
    | ({ kind: "sample" } & Omit<SampleSize, "until">);
  deployment: Deployment;
  /** yyyy-mm-dd; undefined: the UTC day of the run. */
  asOf: string | undefined;
  /** Runs even where the warehouse has run today. */
  force: boolean;
  dryRun: boolean;
  waitSeconds: number | undefined;
}

/**
 * Checks the files of a batch, uploads them and waits for the run that they start, if asked to.
 * @throws InvalidInputError where a file would fail the run; NotDeployedError, CredentialsError, InterruptedError
 */
export async function ingestWarehouse(context: Context, request: WarehouseRequest): Promise<FilesResult> {
  deployedPipeline(request.deployment, PIPELINE);
  const { input } = request;
  if (input.kind === "paths") {
    return send(
      context,
      request,
      input.paths.map((one) => path.resolve(context.directory, one)),
    );
  }
  const directory = await mkdtemp(path.join(tmpdir(), "edp-warehouse-"));
  try {
    if (input.kind === "s3") {
      await context.terminal.spin(`Downloading ${input.url}`, () =>
        downloadBatch(context, input.url, input.signed, directory),
      );
    } else {
      const until = request.asOf ?? new Date(context.now()).toISOString().slice(0, 10);
      await context.terminal.spin("Making up a batch", () => writeSample(directory, { ...input, until }));
    }
    return await send(context, request, [directory]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function send(
  context: Context,
  request: WarehouseRequest,
  paths: readonly string[],
): Promise<FilesResult> {
  const started = context.now();
  const found = await findFiles(paths);
  const { files, notes } = await context.terminal.spin("Checking the files", () => checkAll(context, found));
  const missing = lacking(found);
  if (missing.length > 0) notes.push(`the run waits for ${missing.join(" and ")} in ${FOLDER}`);
  const { deployment, dryRun, force, asOf, waitSeconds } = request;
  const result = await sendFiles(context, {
    pipeline: PIPELINE,
    uploadBucket: INBOX,
    deployment,
    files,
    rejectedInputs: [],
    notes,
    dryRun,
    // The same bytes again are a batch of their own: a snapshot may not have changed since yesterday.
    force: true,
    metadata: (runId) => ({
      ...(missing.length === 0 ? { [METADATA.batch]: runId } : {}),
      ...(asOf === undefined ? {} : { [METADATA.asOf]: asOf }),
      ...(force ? { [METADATA.force]: "true" } : {}),
    }),
    waitSeconds: undefined,
  });
  if (waitSeconds === undefined || result.manifest === null) return result;
  const deployed = deployedPipeline(deployment, PIPELINE);
  const { reasons, ...waited } = await waitForRun(
    context,
    {
      manifest: path.resolve(context.directory, result.manifest),
      bucket: deployed.addresses.buckets[INBOX]?.name ?? "",
      deployment,
      deployed,
    },
    waitSeconds * 1000,
  );
  const seconds = (context.now() - started) / 1000;
  return { ...result, ...waited, seconds, notes: [...result.notes, ...reasons] };
}

/** Checks every file. @throws InvalidInputError, naming each file that would fail the run */
async function checkAll(
  context: Context,
  found: readonly BatchFile[],
): Promise<{ files: FileToSend[]; notes: string[] }> {
  const files: FileToSend[] = [];
  const notes: string[] = [];
  const faults: string[] = [];
  for (const one of found) {
    context.signal.throwIfAborted();
    const name = path.basename(one.file);
    const { bytes, sha256, rows, fault, refused, first } = await checkFile({ ...one });
    if (fault !== null) faults.push(fault);
    if (first) {
      notes.push(
        `${name}: ${counted(refused, "row")} will be rejected, the first in line ${first.line}: ${first.reason}`,
      );
    }
    files.push({
      path: one.file,
      file: shown(context, one.file),
      key: `${FOLDER}${name}`,
      bytes,
      sha256,
      rows,
    });
  }
  if (faults.length === 0) return { files, notes };
  throw new InvalidInputError(
    `The batch can't be loaded:\n${faults.map((fault) => `  ${fault}`).join("\n")}`,
    {
      hint: "Correct the files and run the same command again; nothing was sent.",
    },
  );
}

/** A path as people see it: from the directory they are in. */
function shown(context: Context, file: string): string {
  const relative = path.relative(context.directory, file);
  return relative.startsWith("..") ? file : relative;
}
