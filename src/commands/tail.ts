import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import type { DeadLetterItem } from "../dead-letters/items.ts";
import {
  addDeadLetterFlags,
  asksForDeadLetters,
  type DeadLetterOptions,
  deadLetterOptions,
} from "../dead-letters/options.ts";
import { renderDeadLetterItem } from "../dead-letters/render-item.ts";
import { UsageError } from "../errors.ts";
import type { MessagesOptions, PeekedMessage } from "../messages/peek.ts";
import { renderMessage } from "../messages/render.ts";
import { TailLine } from "../tail/line.ts";
import { addTailFlags, type TailOptions, tailOptions } from "../tail/options.ts";
import { renderLine } from "../tail/render-line.ts";

type Options = { logs: TailOptions } | { deadLetters: DeadLetterOptions } | { messages: MessagesOptions };

/** Flags that say which log lines, and mean nothing for queues. */
const LOG_FLAGS = {
  until: "--until",
  filter: "--filter",
  grep: "--grep",
  errors: "--errors",
  request: "--request",
  live: "--live",
};

export default defineCommand<Options, TailLine | DeadLetterItem | PeekedMessage>({
  configure(command) {
    command.argument("[target...]", "pipelines, or pipeline/function (default: all that are deployed)");
    addTailFlags(command);
    addDeadLetterFlags(command).addHelpText(
      "after",
      `
Examples:
  $ edp tail                                 every function of the environment; Ctrl-C ends
  $ edp tail spotify/to-parquet --since 1h --errors
  $ edp tail --no-follow --since 2026-01-31T14:00Z --until 2026-01-31T15:00Z
  $ edp tail --filter '{ $.level = "ERROR" }' --json | jq -r .message
  $ edp tail --request 8f1c2b7e              one invocation
  $ edp tail --log-group /aws/lambda/other --region eu-central-1
  $ edp tail --dlq spotify                   what lies in the dead-letter queues, and why
  $ edp tail warehouse --mail                what the pipeline would have mailed (local engine)
  $ edp tail partner --messages              what the pipeline has sent, and sends; it stays in the queue

Times are UTC. An invocation's START, END and REPORT are one line with its duration, memory and cold start; --json
has each event, one object a line. Events that reach CloudWatch up to an hour late are found. On AWS,
FilterLogEvents is called every 2 s; with --live events are pushed (StartLiveTail, billed by the minute).`,
    );
  },
  options(args, flags) {
    const ofQueues = asksForDeadLetters(flags);
    if (!ofQueues && flags.messages === undefined) return { logs: tailOptions(args, flags) };
    const foreign = Object.entries(LOG_FLAGS).find(([key]) => flags[key] !== undefined);
    if (foreign) {
      throw new UsageError(`${foreign[1]} is for logs, and --dlq and --messages look into queues.`, {
        hint: "Select dead letters with --where.",
      });
    }
    if (!ofQueues) return { messages: messagesOptions(args, flags) };
    return { deadLetters: deadLetterOptions(args, flags) };
  },
  async run(options, context) {
    if ("logs" in options) {
      const { tail } = await import("../tail/tail.ts");
      return untilInterrupted(tail(options.logs, context), context);
    }
    if ("messages" in options) {
      const { peekMessages } = await import("../messages/peek.ts");
      return untilInterrupted(peekMessages(options.messages, context), context);
    }
    const { tailDeadLetters } = await import("../dead-letters/tail-dlq.ts");
    return untilInterrupted(tailDeadLetters(options.deadLetters, context), context);
  },
  render(result, context) {
    if (result instanceof TailLine) renderLine(result, context);
    else if ("sqsMessageId" in result) renderMessage(result, context);
    else renderDeadLetterItem(result, context);
  },
});

/** A name after `--messages` is a pipeline, too. */
function messagesOptions(args: readonly string[], flags: Record<string, unknown>): MessagesOptions {
  const pipelines = typeof flags.messages === "string" ? [...args, flags.messages] : [...args];
  return { pipelines, follow: flags.follow !== false };
}

/** Ctrl-C is how a tail ends: no error. */
async function* untilInterrupted<T>(items: AsyncIterable<T>, { signal }: Context): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
