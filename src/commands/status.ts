import type { DeadLetterStatus, EnvironmentStatus } from "../aws/status.ts";
import { defineCommand } from "../command.ts";
import { EXIT } from "../errors.ts";
import { formatAge, formatBytes } from "../terminal/format.ts";
import { table } from "../terminal/table.ts";

interface Options {
  pipelines: string[];
  check: boolean;
}

interface Result extends EnvironmentStatus {
  /** What `--check` found, one sentence each; empty where all is well. */
  problems: string[];
  /** Whether problems decide the exit code. */
  checked: boolean;
}

export default defineCommand<Options, Result>({
  configure(command) {
    command
      .argument("[pipeline...]", "pipelines to show (default: all that are deployed)")
      .option("--check", "exit 8 when a dead-letter queue is not empty or a function has failed")
      .addHelpText(
        "after",
        `
Examples:
  $ edp status                   every pipeline of the environment
  $ edp status spotify --json | jq '.pipelines.spotify.queues.landed.dlq.visible'
  $ edp status --check           for scripts and monitors

Unknown values are shown as - (null under --json), never as 0. On AWS, ages and invocations come from
CloudWatch and lag by some minutes.`,
      );
  },
  options: (args, flags) => ({ pipelines: [...args], check: flags.check === true }),
  async run(options, context) {
    const [{ loadDeployment }, { collectStatus }, { checkDeployed }] = await Promise.all([
      import("../topology/load-deployment.ts"),
      import("../aws/status.ts"),
      import("../topology/select.ts"),
    ]);
    const deployment = await loadDeployment(context);
    checkDeployed(deployment, options.pipelines);
    const status = await collectStatus(deployment, context, options.pipelines);
    return { ...status, problems: findProblems(status), checked: options.check };
  },
  exitCode: (result) => (result.checked && result.problems.length > 0 ? EXIT.checkFailed : EXIT.done),
  render(result, { terminal }) {
    const { color } = terminal;
    terminal.out(`${color.bold(result.env)}  ${result.endpoint ?? `${result.accountId} ${result.region}`}\n`);
    for (const [name, pipeline] of Object.entries(result.pipelines)) {
      terminal.out(`\n${color.bold(name)}\n`);
      const dead = (dlq: DeadLetterStatus) =>
        dlq.visible ? color.red(String(dlq.visible)) : (dlq.visible ?? null);
      const rows = Object.entries(pipeline.queues).map(([key, queue]) => [
        key,
        queue.visible,
        queue.inFlight,
        queue.delayed,
        formatAge(queue.oldestAgeSeconds),
        dead(queue.dlq),
        formatAge(queue.dlq.oldestAgeSeconds),
      ]);
      rows.push([
        "undelivered",
        null,
        null,
        null,
        null,
        dead(pipeline.undelivered),
        formatAge(pipeline.undelivered.oldestAgeSeconds),
      ]);
      terminal.out(
        indent(
          table(
            terminal,
            ["queue", "visible", "in flight", "delayed", "oldest", "dead letters", "oldest"],
            rows,
          ),
        ),
      );
      const functions = Object.entries(pipeline.functions).map(([key, one]) => [
        key,
        one.invocations,
        one.errors ? color.red(String(one.errors)) : one.errors,
        one.throttles,
      ]);
      terminal.out(
        `\n${indent(table(terminal, ["function", "invocations", "errors", "throttles"], functions))}`,
      );
      const buckets = Object.entries(pipeline.buckets).map(([key, one]) => [
        key,
        one.objects,
        formatBytes(one.bytes),
      ]);
      terminal.out(`\n${indent(table(terminal, ["bucket", "objects", "bytes"], buckets))}`);
    }
    for (const problem of result.problems) terminal.warn(`${color.red("✖")} ${problem}`);
  },
});

function findProblems(status: EnvironmentStatus): string[] {
  const problems: string[] = [];
  for (const [name, pipeline] of Object.entries(status.pipelines)) {
    for (const [key, queue] of Object.entries(pipeline.queues)) {
      if (queue.dlq.visible) problems.push(`${name}: ${queue.dlq.visible} dead letters of queue ${key}`);
    }
    if (pipeline.undelivered.visible)
      problems.push(`${name}: ${pipeline.undelivered.visible} undelivered events`);
    for (const [key, one] of Object.entries(pipeline.functions)) {
      if (one.errors) problems.push(`${name}: function ${key} failed ${one.errors} times in 24 h`);
    }
  }
  return problems;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
