import { defineCommand } from "../command.ts";
import { UsageError } from "../errors.ts";
import { renderTrace } from "../trace/render.ts";
import type { TraceResult } from "../trace/types.ts";

interface Options {
  subject: string;
  pipelines: string[];
  version: string | undefined;
  since: string;
}

export default defineCommand<Options, TraceResult>({
  configure(command) {
    command
      .argument(
        "<key|event-id|message-id>",
        "an object's key, an EventBridge event's id or an SQS message's id",
      )
      .option(
        "--pipeline <name>",
        "only this pipeline (repeatable)",
        (name, all: string[]) => [...all, name],
        [],
      )
      .option("--version-id <id>", "only this version of the object")
      .option("--since <time>", "how far back logs are searched for an id: 2h, 7d, or ISO 8601", "1d")
      .addHelpText(
        "after",
        `
Examples:
  $ edp trace raw/tracks/6Yqp.json              every version of the object, from its put to its rows
  $ edp trace s3://edp-local-spotify-bronze/raw/tracks/6Yqp.json
  $ edp trace 22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324   an event or a message
  $ edp trace raw/tracks/6Yqp.json --json | jq '.traces[].outcome'

Read from S3's versions, the functions' logs, the dead-letter queues (nothing is consumed), the claims and the
outputs. What could not be seen is said. Exit 8 when nothing is found.`,
      );
  },
  options(args, flags) {
    const [subject = ""] = args;
    if (subject === "") throw new UsageError("Name an object's key, an event id or a message id.");
    const text = (name: string) => (typeof flags[name] === "string" ? flags[name] : undefined);
    return {
      subject,
      pipelines: Array.isArray(flags.pipeline) ? flags.pipeline.map(String) : [],
      version: text("versionId"),
      since: text("since") ?? "1d",
    };
  },
  async run(options, context) {
    const [{ loadDeployment }, { checkDeployed }, { parseMoment }, { trace }] = await Promise.all([
      import("../topology/load-deployment.ts"),
      import("../topology/select.ts"),
      import("../tail/time.ts"),
      import("../trace/trace.ts"),
    ]);
    const since = parseMoment(options.since, "--since", context.now()).at;
    const deployment = await loadDeployment(context);
    checkDeployed(deployment, options.pipelines);
    return context.terminal.spin("Following", () => trace(deployment, { ...options, since }, context));
  },
  render: (result, context) => renderTrace(result, context.terminal),
});
