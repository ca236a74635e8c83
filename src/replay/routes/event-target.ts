import type { Target } from "@aws-sdk/client-eventbridge";
import type { Letter } from "../../dead-letters/letter.ts";
import { inputFor } from "../../local/events/input.ts";
import type { BusEvent } from "../../local/service.ts";
import type { Destination } from "../types.ts";
import { NoRouteError, queueByArn, type Route, type RouteParts } from "./route.ts";

/**
 * The way back of an event that EventBridge could not deliver: the target in TARGET_ARN, and what that target gets
 * of the event by the rule's input settings. Putting the event on the bus again would reach every rule, and events
 * of `aws.*` can't be put at all.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
 * @throws NoRouteError
 */
export async function eventTarget(letter: Letter, parts: RouteParts): Promise<Route> {
  const { Body = "", MessageAttributes = {} } = letter.raw;
  const targetArn = MessageAttributes.TARGET_ARN?.StringValue ?? "";
  const rule = MessageAttributes.RULE_ARN?.StringValue ?? "";
  const target = await parts.once(`${rule} ${targetArn}`, () => findTarget(rule, targetArn, parts));
  const event = letter.body as BusEvent;
  const input = target && {
    input: target.Input,
    inputPath: target.InputPath,
    inputTransformer: target.InputTransformer && {
      pathsMap: target.InputTransformer.InputPathsMap ?? {},
      template: target.InputTransformer.InputTemplate ?? "",
    },
  };
  const shaped =
    input && (input.input !== undefined || input.inputPath !== undefined || input.inputTransformer);
  const name = rule.slice(rule.lastIndexOf("/") + 1);
  const body = shaped ? inputFor(event, input, { arn: rule, name }) : Body;
  return {
    destination: await destinationOf(targetArn, event, parts),
    content: { body, attributes: {}, groupId: target?.SqsParameters?.MessageGroupId },
  };
}

/** The target's settings; undefined where rule or target are gone, which leaves the whole event. */
async function findTarget(
  ruleArn: string,
  targetArn: string,
  { clients, source }: RouteParts,
): Promise<Target | undefined> {
  const { ListTargetsByRuleCommand, ResourceNotFoundException } = await import("@aws-sdk/client-eventbridge");
  const [, bus, name] = /:rule\/(?:(.+)\/)?([^/]+)$/.exec(ruleArn) ?? [];
  const events = await clients.events();
  const matching: Target[] = [];
  let NextToken: string | undefined;
  try {
    do {
      const page = await events.send(
        new ListTargetsByRuleCommand({ Rule: name, EventBusName: bus, NextToken }),
      );
      matching.push(...(page.Targets ?? []).filter(({ Arn }) => Arn === targetArn));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
  return matching.find(({ DeadLetterConfig }) => DeadLetterConfig?.Arn === source.arn) ?? matching[0];
}

async function destinationOf(arn: string, event: BusEvent, parts: RouteParts): Promise<Destination> {
  const service = arn.split(":")[2];
  if (service === "sqs") return queueByArn(arn, parts);
  if (service === "sns") return { kind: "topic", arn };
  if (service === "lambda") return { kind: "function", name: arn };
  if (service === "events" && arn.includes(":event-bus/")) {
    if (!event.source?.startsWith("aws.")) return { kind: "bus", arn };
    throw new NoRouteError(
      "AWS_EVENT",
      `Events of ${event.source} can't be put on ${arn} by anybody but AWS.`,
    );
  }
  throw new NoRouteError(
    "UNSUPPORTED_TARGET",
    `edp can't deliver to ${arn}: it knows queues, topics, functions and event buses. Give --to URL.`,
  );
}
