import path from "node:path";
import { InvalidArgumentError } from "commander";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { InvalidInputError, NotDeployedError, UsageError } from "../errors.ts";
import { type DayFile, parseDayFile } from "../lambda/partner/process/day-file.ts";

interface Options {
  /** A file, or only a name. */
  file: string;
  seconds: number;
  prefix: string;
}

interface Result {
  env: string;
  bucket: string;
  key: string;
  url: string;
  /** ISO 8601 in UTC. */
  expiresAt: string;
  /** A command that uploads the file. */
  curl: string;
}

const DEFAULT_SECONDS = 3_600;
/** Longest life of a presigned URL (AWS Signature Version 4). */
const MOST_SECONDS = 7 * 86_400;
const DEFAULT_PREFIX = "incoming/";

export default defineCommand<Options, Result>({
  configure(command) {
    command
      .argument("<file>", "the file to upload, or its name: <customers|orders|items>_YYYYMMDD.csv")
      .option(
        "--expires <seconds>",
        `seconds that the URL is good for (default: ${DEFAULT_SECONDS})`,
        parseSeconds,
      )
      .option("--prefix <folders>", `folders before the name (default: ${DEFAULT_PREFIX})`)
      .addHelpText(
        "after",
        `
Examples:
  $ edp partner-url customers_20220130.csv                  a URL for a partner without AWS credentials
  $ edp partner-url drop/items_20220130.csv --expires 600   and the curl line that uploads this file
  $ curl -T items_20220130.csv "$(npx edp partner-url items_20220130.csv --json | jq -r .url)"

The URL lets whoever has it put this one object, nothing else, until it expires. It is signed with your credentials:
where those are of a role, it ends with their session.`,
      );
  },
  options([file = ""], flags) {
    const prefix = String(flags.prefix ?? DEFAULT_PREFIX);
    if (prefix.startsWith("/")) throw new UsageError("--prefix begins without a slash: keys of S3 do.");
    return {
      file,
      seconds: (flags.expires as number | undefined) ?? DEFAULT_SECONDS,
      prefix: prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`,
    };
  },
  run: (options, context) => presign(options, context),
  render({ url, key, bucket, expiresAt, curl }, { terminal }) {
    terminal.out(`${url}\n`);
    terminal.note(`\nPuts s3://${bucket}/${key}, until ${expiresAt}:\n${curl}`);
  },
});

async function presign({ file, seconds, prefix }: Options, context: Context): Promise<Result> {
  const name = path.basename(file);
  const { kind } = nameOf(name);
  await checkContent(kind, path.resolve(context.directory, file), context.signal);
  const [
    { createClients },
    { loadDeployment },
    { deployedPipeline },
    { PIPELINE, UPLOAD_BUCKET },
    { presignPut },
  ] = await Promise.all([
    import("../aws/clients.ts"),
    import("../topology/load-deployment.ts"),
    import("../ingest/deployed-pipeline.ts"),
    import("../ingest/partner/ingest.ts"),
    import("../ingest/partner/presign.ts"),
  ]);
  const deployment = await loadDeployment(context);
  const bucket = deployedPipeline(deployment, PIPELINE).addresses.buckets[UPLOAD_BUCKET]?.name;
  if (!bucket) throw new NotDeployedError(`The pipeline ${PIPELINE} has no bucket ${UPLOAD_BUCKET}.`);
  const clients = createClients(deployment, context);
  try {
    const key = `${prefix}${name}`;
    const url = await presignPut(clients, bucket, key, seconds);
    const expiresAt = new Date(context.now() + seconds * 1000).toISOString();
    return { env: context.env, bucket, key, url, expiresAt, curl: `curl -fT ${quoted(file)} ${quoted(url)}` };
  } finally {
    clients.close();
  }
}

/** A word for a POSIX shell. */
const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** @throws UsageError for a name that the pipeline would refuse */
function nameOf(name: string): DayFile {
  try {
    return parseDayFile(name);
  } catch (error) {
    throw new UsageError((error as Error).message, { hint: "Example: items_20220130.csv" });
  }
}

/** Where the file itself is there, it is checked as by `edp ingest partner`. */
async function checkContent(kind: DayFile["kind"], file: string, signal: AbortSignal): Promise<void> {
  const { checkFile } = await import("../ingest/partner/check-file.ts");
  const checked = await checkFile(kind, file, signal).catch((error: NodeJS.ErrnoException) => {
    signal.throwIfAborted();
    if (error.code === "ENOENT") return undefined;
    throw new InvalidInputError(`${file} cannot be read: ${error.message}`);
  });
  if (!checked || checked.faults.length === 0) return;
  throw new InvalidInputError(`${file} would be refused: ${checked.faults.join("; ")}.`, {
    hint: "Correct the file, or give only its name to get a URL all the same.",
  });
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MOST_SECONDS) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_SECONDS} (seven days).`);
  }
  return seconds;
}
