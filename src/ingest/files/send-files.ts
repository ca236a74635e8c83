import path from "node:path";
import { userError } from "../../aws/errors.ts";
import type { Context } from "../../context.ts";
import { EdpError, InterruptedError, NotDeployedError } from "../../errors.ts";
import type { Deployment } from "../../topology/deployment.ts";
import { deployedPipeline } from "../deployed-pipeline.ts";
import { createRunId, Manifest, manifestPath } from "../manifest.ts";
import { systemPause } from "../pause.ts";
import type { FilesResult, SentFile } from "./result.ts";
import { type FileToSend, isThere, type Target, uploadFile } from "./upload-file.ts";

const KILOBYTE = 1000;

export interface SendFilesRequest {
  pipeline: string;
  /** Key of the bucket that the files are uploaded to. */
  uploadBucket: string;
  deployment: Deployment;
  /** In the order in which they are sent. */
  files: readonly FileToSend[];
  rejectedInputs: FilesResult["rejectedInputs"];
  notes: string[];
  dryRun: boolean;
  /** Send a file again that is there unchanged. */
  force: boolean;
  /** User metadata of the objects, beside what edp itself keeps there. */
  metadata?(runId: string): Record<string, string>;
  /** Seconds to wait for the rows' end, or undefined not to wait. */
  waitSeconds: number | undefined;
}

/**
 * Uploads files whose rows a pipeline counts, with progress and manifest, and waits for the rows' end if asked to.
 * @throws NotDeployedError, CredentialsError; InterruptedError, after what is under way was dropped
 */
export async function sendFiles(context: Context, request: SendFilesRequest): Promise<FilesResult> {
  const started = context.now();
  const { deployment, pipeline, dryRun } = request;
  const deployed = deployedPipeline(deployment, pipeline);
  const bucket = deployed.addresses.buckets[request.uploadBucket]?.name;
  if (!bucket) throw new NotDeployedError(`The pipeline ${pipeline} has no bucket ${request.uploadBucket}.`);
  const runId = createRunId(started);
  const { createClients } = await import("../../aws/clients.ts");
  const clients = createClients(deployment, context);
  try {
    const target: Target = {
      s3: await clients.s3(),
      bucket,
      runId,
      signal: context.signal,
      metadata: request.metadata?.(runId),
    };
    const manifest = dryRun
      ? null
      : await Manifest.create(manifestPath(context.directory, context.env, runId), {
          runId,
          kind: "files",
          pipeline,
          startedAt: new Date(started).toISOString(),
          bucket,
        });
    const files = await sendAll(context, request, target, manifest);
    const rowsOf = (...states: SentFile["status"][]) =>
      files.reduce((sum, { status, rows }) => sum + (states.includes(status) ? rows : 0), 0);
    const result: FilesResult = {
      env: context.env,
      runId,
      pipeline,
      dryRun,
      accepted: rowsOf("accepted", "planned"),
      skipped: rowsOf("unchanged"),
      failed: rowsOf("failed"),
      bytes: files.reduce((sum, { status, bytes }) => sum + (status === "accepted" ? bytes : 0), 0),
      seconds: (context.now() - started) / 1000,
      manifest: manifest && path.relative(context.directory, manifest.file),
      files,
      rejectedInputs: request.rejectedInputs,
      notes: request.notes,
    };
    if (request.waitSeconds !== undefined && manifest) {
      const { waitForManifest } = await import("../wait.ts");
      const {
        accepted: _accepted,
        figures: _figures,
        ...waited
      } = await waitForManifest(context, {
        manifest: manifest.file,
        bucket,
        deployment,
        deployed,
        clients,
        timeoutMs: request.waitSeconds * 1000,
        pause: systemPause,
      });
      Object.assign(result, waited, { seconds: (context.now() - started) / 1000 });
    }
    return result;
  } finally {
    clients.close();
  }
}

/** Sends one file after the other, each with several parts at a time. */
async function sendAll(
  context: Context,
  request: SendFilesRequest,
  target: Target,
  manifest: Manifest<"files"> | null,
): Promise<SentFile[]> {
  const { signal } = context;
  const total = request.files.reduce((sum, { bytes }) => sum + bytes, 0);
  const progress = context.terminal.progress(`ingest ${request.pipeline}`, Math.ceil(total / KILOBYTE), "KB");
  const sent: SentFile[] = [];
  let before = 0;
  try {
    for (const file of request.files) {
      signal.throwIfAborted();
      const onProgress = (bytes: number) => progress.update(Math.ceil((before + bytes) / KILOBYTE));
      sent.push(await sendOne(context, file, request, target, manifest, onProgress));
      before += file.bytes;
    }
    return sent;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new InterruptedError(`Interrupted: ${sent.length} of ${request.files.length} files uploaded.`, {
      hint: "Run the same command again: what is there unchanged is skipped, the rest is sent.",
    });
  } finally {
    progress.end();
    const rows = (status: SentFile["status"]) =>
      sent.reduce((sum, one) => sum + (one.status === status ? one.rows : 0), 0);
    await manifest?.close({
      finishedAt: new Date(context.now()).toISOString(),
      accepted: rows("accepted"),
      skipped: rows("unchanged"),
      failed: rows("failed"),
      bytes: sent.reduce((sum, { bytes }) => sum + bytes, 0),
      interrupted: signal.aborted,
    });
  }
}

async function sendOne(
  context: Context,
  file: FileToSend,
  { force, dryRun }: SendFilesRequest,
  target: Target,
  manifest: Manifest<"files"> | null,
  onProgress: (bytes: number) => void,
): Promise<SentFile> {
  const { key, rows, bytes, sha256 } = file;
  const one = { file: file.file, key, rows, bytes, versionId: null, reason: null };
  try {
    if (!force && (await isThere(file, target))) return { ...one, status: "unchanged" };
    if (dryRun) return { ...one, status: "planned" };
    const versionId = await uploadFile(file, target, onProgress);
    await manifest?.add({ key, versionId, sha256, bytes, rows });
    return { ...one, status: "accepted", versionId };
  } catch (error) {
    if (target.signal.aborted) throw error;
    const known = error instanceof EdpError ? error : userError(error, context.env);
    if (known) throw known;
    return { ...one, status: "failed", reason: (error as Error).message };
  }
}
