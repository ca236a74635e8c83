import { HeadObjectCommand } from "@aws-sdk/client-s3";
import pMap from "p-map";
import type { Cause } from "../dead-letters/cause.ts";
import type { FileEntry } from "../ingest/manifest.ts";
import { awsError } from "../lambda/shared/faults.ts";
import { waitingFiles } from "../waiting/waiting.ts";
import { findLanded } from "./landed.ts";
import type { Proof } from "./proof.ts";
import { outputBuckets, proofsOf } from "./proofs.ts";
import type { FileReport } from "./report.ts";
import { type FoundReport, RunReports } from "./run-reports.ts";
import type { Settled, SettleRequest, Settler, SettlerKind } from "./settler.ts";
import { type DeadLetter, type TallyCounts, versionKey } from "./tally.ts";

const REQUESTS_AT_ONCE = 16;

/** Where the rows of one file are; what has no end yet is missing. */
type End =
  | { state: "reported"; processed: number; rejected: number; report: string }
  /** The file, or one that it belongs to, cannot be read at all. */
  | { state: "refused"; own: string | null; because: string; report: string }
  /** A newer version was worked on in its place. */
  | { state: "superseded"; by: string; report: string }
  | ({ state: "deadLettered"; queue: string; messageId: string } & Cause);

/**
 * Rows of uploaded files, of pipelines whose function works on whole files and writes run reports
 * (`src/lambda/shared/run-report.ts`). A file ends with a report that names its version, or in a dead-letter queue;
 * until then all of its rows are missing, e.g. while it waits for the files that belong to it.
 */
export const files: SettlerKind<"files"> = {
  unit: "rows",
  async open(request) {
    const settler = new FileSettler(request, await proofs(request), await reports(request));
    for await (const entry of request.entries) settler.accept(entry);
    return settler;
  },
};

async function proofs({ header, deployment, deployed, clients, context }: SettleRequest<"files">) {
  const { deadLetters } = await proofsOf(deployed, {
    clients,
    landing: header.bucket,
    onAws: deployment.endpoint === null,
    versionsByEtag: false,
    window: { from: Date.parse(header.startedAt) },
    now: context.now,
    signal: context.signal,
  });
  return deadLetters;
}

async function reports({ header, deployed, clients }: SettleRequest<"files">): Promise<RunReports> {
  return new RunReports(await clients.s3(), outputBuckets(deployed), Date.parse(header.startedAt));
}

class FileSettler implements Settler<"files"> {
  readonly #files = new Map<string, FileEntry>();
  readonly #ends = new Map<string, End>();
  /** Versions of a key that a report names, and that report. */
  readonly #reported = new Map<string, Map<string, string>>();

  constructor(
    private readonly request: SettleRequest<"files">,
    private readonly proofs: readonly Proof[],
    private readonly reports: RunReports,
  ) {}

  accept(entry: FileEntry): void {
    this.#files.set(versionKey(entry.key, entry.versionId), entry);
  }

  get counts(): TallyCounts {
    const sum = { accepted: 0, processed: 0, rejected: 0, deadLettered: 0, missing: 0 };
    for (const [id, file] of this.#files) {
      const counts = rowCounts(file, this.#ends.get(id));
      sum.accepted += file.rows;
      for (const state of ["processed", "rejected", "deadLettered", "missing"] as const)
        sum[state] += counts[state];
    }
    return sum;
  }

  get deadLetters(): DeadLetter[] {
    return [...this.#ends].flatMap(([id, end]) => {
      if (end.state !== "deadLettered") return [];
      const { errorCode, path, message } = end;
      return [{ key: this.#files.get(id)?.key ?? "", errorCode, path, message }];
    });
  }

  async look(thorough: boolean, onFound: () => void = () => {}): Promise<void> {
    for (const found of await this.reports.unread()) {
      this.#takeReport(found);
      onFound();
    }
    const open = this.#open();
    for (const proof of this.proofs) {
      for await (const { id, end } of proof.find(open, thorough)) {
        if (end.state === "deadLettered" && open.delete(id)) this.#ends.set(id, end);
        onFound();
      }
    }
    if (thorough) await this.#findSuperseded([...open]);
  }

  async settled(onTheWay: boolean): Promise<Settled<"files">> {
    const { clients, deployed, header } = this.request;
    const missing = [...this.#open()];
    const landed = await findLanded(await clients.s3(), header.bucket, missing);
    const waiting = missing.length > 0 ? ((await waitingFiles(clients, deployed)) ?? []) : [];
    const records = [...this.#files].map(([id, file]): FileReport => {
      const end = this.#ends.get(id);
      const { key, versionId, rows } = file;
      const awaited = waiting.find(({ arrived }) => arrived.includes(key))?.missing;
      const why =
        !end && awaited ? `waits for ${awaited.join(" and ")}` : whyOf(end, landed.get(id) ?? null, onTheWay);
      const report = end && end.state !== "deadLettered" ? end.report : null;
      return { key, versionId, rows, ...rowCounts(file, end), report, why };
    });
    const reported = new Set(records.flatMap(({ report }) => report ?? []));
    const there = [...landed.values()].filter(Boolean).length;
    return {
      records,
      outputs: reported.size,
      gone: this.#files.size > 0 && missing.length === this.#files.size && there === 0,
      notes: [],
    };
  }

  /** Versions that nothing tells of yet; what waits for a correction is told of. */
  #open(): Set<string> {
    return new Set([...this.#files.keys()].filter((id) => !this.#ends.has(id)));
  }

  #takeReport({ at, report }: FoundReport): void {
    const refused = report.files.find((file) => file.refused !== null);
    for (const { bucket, key, versionId, processed, rejected, refused: own } of report.files) {
      if (bucket !== this.request.header.bucket) continue;
      const versions = this.#reported.get(key) ?? new Map<string, string>();
      this.#reported.set(key, versions.set(versionId, at));
      const id = versionKey(key, versionId);
      // Once processed, a version stays so, whatever a later run with a corrected sibling makes of it.
      if (!this.#files.has(id) || this.#ends.get(id)?.state === "reported") continue;
      this.#ends.set(
        id,
        refused === undefined
          ? { state: "reported", processed, rejected, report: at }
          : { state: "refused", own, because: `${refused.key}: ${refused.refused}`, report: at },
      );
    }
  }

  /** A version that was replaced before its turn is worked on never: the report of the newer one says so. */
  async #findSuperseded(open: readonly string[]): Promise<void> {
    const replaced = open.filter((id) => this.#reported.has(this.#files.get(id)?.key ?? ""));
    const s3 = await this.request.clients.s3();
    await pMap(
      replaced,
      async (id) => {
        const file = this.#files.get(id);
        if (!file) return;
        try {
          const Bucket = this.request.header.bucket;
          const { VersionId = "" } = await s3.send(new HeadObjectCommand({ Bucket, Key: file.key }));
          const report = this.#reported.get(file.key)?.get(VersionId);
          if (VersionId !== file.versionId && report !== undefined) {
            this.#ends.set(id, { state: "superseded", by: VersionId, report });
          }
        } catch (error) {
          if (awsError(error).status !== 404) throw error;
        }
      },
      { concurrency: REQUESTS_AT_ONCE },
    );
  }
}

function rowCounts({ rows }: FileEntry, end: End | undefined): Omit<TallyCounts, "accepted"> {
  const none = { processed: 0, rejected: 0, deadLettered: 0, missing: 0 };
  switch (end?.state) {
    case "reported": {
      // Counted the same way on both sides; were they not, the difference must not vanish.
      const missing = Math.max(0, rows - end.processed - end.rejected);
      return {
        ...none,
        processed: Math.min(rows, end.processed),
        rejected: rows - missing - Math.min(rows, end.processed),
        missing,
      };
    }
    case "refused":
      return end.own === null ? { ...none, missing: rows } : { ...none, rejected: rows };
    case "superseded":
      return { ...none, rejected: rows };
    case "deadLettered":
      return { ...none, deadLettered: rows };
    default:
      return { ...none, missing: rows };
  }
}

function whyOf(end: End | undefined, landed: boolean | null, onTheWay: boolean): string | null {
  switch (end?.state) {
    case "reported":
      return null;
    case "refused":
      return end.own ?? `waits for a corrected file; ${end.because}`;
    case "superseded":
      return `replaced by version ${end.by} before its turn`;
    case "deadLettered":
      return `${end.errorCode ?? "no cause given"}${end.message ? `: ${end.message}` : ""}`;
    default:
      if (landed === false) return "gone from the bucket, and in no run report";
      return onTheWay
        ? "in no run report yet"
        : "in no run report: it may wait for the files that belong to it";
  }
}
