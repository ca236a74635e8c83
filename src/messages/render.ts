import type { Context } from "../context.ts";
import { printable } from "../terminal/printable.ts";
import type { PeekedMessage } from "./peek.ts";

/** One line: when, which queue, the body as it is, and its attributes. */
export function renderMessage(message: PeekedMessage, { terminal }: Pick<Context, "terminal">): void {
  const { color } = terminal;
  const time = message.sentAt?.slice(11, 23) ?? "-";
  const { version, date } = message.attributes;
  const labels = [message.pipeline, date, version === undefined ? undefined : `v${version}`].filter(Boolean);
  terminal.out(`${color.dim(time)} ${color.dim(labels.join(" "))}  ${printable(message.body)}\n`);
}
