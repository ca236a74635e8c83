import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Context } from "../../context.ts";
import { InvalidInputError } from "../../errors.ts";
import { KINDS, parseDayFile } from "../../lambda/partner/process/day-file.ts";
import { counted } from "../../terminal/format.ts";
import type { Deployment } from "../../topology/deployment.ts";
import { deployedPipeline } from "../deployed-pipeline.ts";
import type { FilesResult } from "../files/result.ts";
import { sendFiles } from "../files/send-files.ts";
import type { FileToSend } from "../files/upload-file.ts";
import { checkFile } from "./check-file.ts";
import { type FoundFile, findFiles, incompleteDays } from "./find-files.ts";
import { type SampleSize, writeSample } from "./sample.ts";

/** Where a partner puts files, in `terraform/pipelines/partner.json`. */
export const PIPELINE = "partner";
export const UPLOAD_BUCKET = "uploads";
/** Faults named in an error; `--json` has all. */
const SHOWN = 10;

export interface PartnerRequest {
  input: { kind: "paths"; paths: readonly string[] } | ({ kind: "sample" } & SampleSize);
  deployment: Deployment;
  /** `20220130`: only this day, or the sample's. */
  day: string | undefined;
  /** Folders before the names, `incoming/`. */
  prefix: string;
  check: boolean;
  force: boolean;
  dryRun: boolean;
  waitSeconds: number | undefined;
}

/**
 * Checks a partner's files and uploads them, day by day. A day with a file that can't be read is left out as a whole.
 * @throws InvalidInputError where nothing can be sent; NotDeployedError, InterruptedError
 */
export async function ingestPartner(context: Context, request: PartnerRequest): Promise<FilesResult> {
  deployedPipeline(request.deployment, PIPELINE);
  const { input } = request;
  if (input.kind === "paths") {
    const paths = input.paths.map((one) => path.resolve(context.directory, one));
    return sendFound(context, request, await findFiles(paths, request.day));
  }
  const directory = await mkdtemp(path.join(tmpdir(), "edp-partner-sample-"));
  try {
    const day = request.day ?? new Date(context.now()).toISOString().slice(0, 10).replaceAll("-", "");
    const written = await context.terminal.spin("Making up a day", () =>
      writeSample(directory, day, input, context.signal),
    );
    const files = KINDS.map((kind) => {
      const { folder: _folder, ...dayFile } = parseDayFile(path.basename(written[kind]));
      return { ...dayFile, file: written[kind] };
    });
    return await sendFound(context, request, { files, rejected: [] });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function sendFound(
  context: Context,
  request: PartnerRequest,
  found: Awaited<ReturnType<typeof findFiles>>,
): Promise<FilesResult> {
  const { files, rejected, notes } = await checkAll(context, request, found.files);
  const rejectedInputs = [...found.rejected, ...rejected].map(({ file, reason }) => ({
    file: shown(context, file),
    reason,
  }));
  if (files.length === 0) refuse(rejectedInputs);
  const sent = found.files.filter(({ file }) => files.some((one) => one.path === file));
  for (const { day, lacks } of incompleteDays(sent)) {
    notes.push(
      `${day}: ${lacks.join(" and ")} not among what was sent; the day waits until all three are there`,
    );
  }
  const { deployment, dryRun, force, waitSeconds } = request;
  return sendFiles(context, {
    pipeline: PIPELINE,
    uploadBucket: UPLOAD_BUCKET,
    deployment,
    files,
    rejectedInputs,
    notes,
    dryRun,
    force,
    waitSeconds,
  });
}

async function checkAll(context: Context, { check, prefix }: PartnerRequest, found: readonly FoundFile[]) {
  const { terminal, signal } = context;
  const good: (FileToSend & { day: string })[] = [];
  const rejected: { file: string; reason: string }[] = [];
  const badDays = new Map<string, string>();
  const notes: string[] = [];
  await terminal.spin(`Reading ${counted(found.length, "file")}`, async () => {
    for (const { file, kind, compact } of found) {
      signal.throwIfAborted();
      const { bytes, rows, sha256, faults, notes: unusual } = await checkFile(kind, file, signal);
      notes.push(...unusual.map((note) => `${path.basename(file)}: ${note}`));
      if (check && faults.length > 0) {
        rejected.push({ file, reason: faults.join("; ") });
        badDays.set(compact, path.basename(file));
      } else {
        const key = `${prefix}${path.basename(file)}`;
        good.push({ path: file, file: shown(context, file), key, bytes, rows, sha256, day: compact });
      }
    }
  });
  const files = good.filter(({ day, file }) => {
    const bad = badDays.get(day);
    if (bad !== undefined)
      rejected.push({ file, reason: `left out, for ${bad} of the same day can't be read` });
    return bad === undefined;
  });
  return { files, rejected, notes };
}

/** A path as people see it: from the directory they are in. */
function shown(context: Context, file: string): string {
  const relative = path.relative(context.directory, path.resolve(context.directory, file));
  return relative.startsWith("..") ? path.resolve(context.directory, file) : relative;
}

function refuse(rejectedInputs: FilesResult["rejectedInputs"]): never {
  const lines = rejectedInputs.slice(0, SHOWN).map(({ file, reason }) => `  ${file}: ${reason}`);
  if (rejectedInputs.length > SHOWN) lines.push(`  ... and ${rejectedInputs.length - SHOWN} more`);
  throw new InvalidInputError(`Nothing of the input can be sent:\n${lines.join("\n")}`, {
    hint: "Correct the files and run the same command again; --no-check sends them as they are.",
    data: { rejectedInputs },
  });
}
