import type { CommandModule } from "./command.ts";

/** A word that only groups commands. */
export interface CommandGroup {
  description: string;
  /** Lines of its help, each a command as it is typed. */
  examples: readonly string[];
}

export interface CommandEntry {
  /** Words of the command, `["ingest", "spotify"]` is `edp ingest spotify`. */
  path: readonly string[];
  /** One line for `edp --help`. */
  summary: string;
  load(): Promise<{ default: CommandModule }>;
}

export const groups: Record<string, CommandGroup> = {
  ingest: {
    description: "Fetch or read source data and send it into a pipeline",
    examples: [
      "edp ingest spotify --sample 100 --wait   made-up data, no account needed",
      "edp ingest fakestore --sample 1000 --wait   events of a made-up store, posted over HTTP",
      "edp ingest spotify --help                every source has examples of its own",
    ],
  },
};

/** Every command. Modules are imported when they are called for, so that the CLI starts fast. */
export const commands: readonly CommandEntry[] = [
  {
    path: ["demo"],
    summary: "Guided tour: a whole pipeline on the local engine, in under a minute",
    load: () => import("./commands/demo.ts"),
  },
  {
    path: ["deploy"],
    summary: "Start the local engine, or deploy pipelines to AWS",
    load: () => import("./commands/deploy.ts"),
  },
  {
    path: ["destroy"],
    summary: "Stop the local engine and delete its data, or destroy what was deployed",
    load: () => import("./commands/destroy.ts"),
  },
  {
    path: ["status"],
    summary: "Queues, dead letters, functions and objects of the deployed pipelines",
    load: () => import("./commands/status.ts"),
  },
  {
    path: ["tail"],
    summary: "Logs of every function, merged; with --dlq dead letters and why they are there",
    load: () => import("./commands/tail.ts"),
  },
  {
    path: ["ingest", "spotify"],
    summary: "Fetch artists, albums and tracks and land them in the bronze bucket",
    load: () => import("./commands/ingest/spotify.ts"),
  },
  {
    path: ["ingest", "fakestore"],
    summary: "Post a store's products, carts, users and its visitors' events to the fakestore API",
    load: () => import("./commands/ingest/fakestore.ts"),
  },
  {
    path: ["ingest", "partner"],
    summary: "Check a partner's daily CSV files and upload them",
    load: () => import("./commands/ingest/partner.ts"),
  },
  {
    path: ["partner-url"],
    summary: "Presign an upload for a partner without AWS credentials",
    load: () => import("./commands/partner-url.ts"),
  },
  {
    path: ["ingest", "warehouse"],
    summary: "Upload orders, reviews and shipments, and have the warehouse run",
    load: () => import("./commands/ingest/warehouse.ts"),
  },
  {
    path: ["query"],
    summary: "Ask a pipeline's database, read-only: a table, --csv or --json",
    load: () => import("./commands/query.ts"),
  },
  {
    path: ["trace"],
    summary: "One object's way with times: put, event, queue, attempts, rows or dead letter",
    load: () => import("./commands/trace.ts"),
  },
  {
    path: ["purge"],
    summary: "Empty the buckets and queues of the deployed pipelines",
    load: () => import("./commands/purge.ts"),
  },
  {
    path: ["replay-dlq"],
    summary: "Send dead letters back where they came from, and see what becomes of them",
    load: () => import("./commands/replay-dlq.ts"),
  },
  {
    path: ["reconcile"],
    summary: "Prove where every accepted object of an ingest run ended",
    load: () => import("./commands/reconcile.ts"),
  },
  {
    path: ["dev"],
    summary: "Run the local engine in the foreground, rebuilding Lambdas as they change",
    load: () => import("./commands/dev.ts"),
  },
  {
    path: ["build"],
    summary: "Bundle every Lambda into a reproducible zip",
    load: () => import("./commands/build.ts"),
  },
  {
    path: ["init"],
    summary: "Ask for project, region, pipelines and state, and write edp.config.json",
    load: () => import("./commands/init.ts"),
  },
  {
    path: ["doctor"],
    summary: "Check this machine: Node, ports, Terraform, credentials, region, clock; with a fix each",
    load: () => import("./commands/doctor.ts"),
  },
  {
    path: ["unlock"],
    summary: "Show who holds the Terraform state of an environment, and release it",
    load: () => import("./commands/unlock.ts"),
  },
  {
    path: ["iam-policy"],
    summary: "Print the least IAM policy that a deploying user needs",
    load: () => import("./commands/iam-policy.ts"),
  },
  {
    path: ["completion"],
    summary: "Print a completion script for bash, zsh or fish",
    load: () => import("./commands/completion.ts"),
  },
];
