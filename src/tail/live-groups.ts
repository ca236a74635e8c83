import { findLogGroups } from "../aws/logs.ts";
import type { LogSource } from "./event.ts";
import type { LiveParts } from "./live.ts";

/**
 * The sources by the ARN of their log group, which is what StartLiveTail takes (DescribeLogGroups).
 * @throws CredentialsError and others, as LogReader words them
 */
export async function arnsOf(
  sources: readonly LogSource[],
  { client, reader }: Pick<LiveParts, "client" | "reader">,
): Promise<Map<string, LogSource>> {
  const arns = new Map<string, LogSource>();
  for (const source of sources) {
    if (source.group.startsWith("arn:")) {
      arns.set(source.group.replace(/:\*$/, ""), source);
      continue;
    }
    try {
      const found = await findLogGroups(client, { prefix: source.group });
      // A missing one has been told of already.
      const group = found.find(({ name }) => name === source.group);
      if (group) arns.set(group.arn, source);
    } catch (error) {
      throw reader.explain(error, "DescribeLogGroups", source.group);
    }
  }
  return arns;
}
