import path from "node:path";
import { Outbox } from "../delivery/outbox.ts";
import { failJson, handleJson, type JsonProtocol, type Operations } from "../http/json-protocol.ts";
import type { BusEvent, EngineParts, Service } from "../service.ts";
import { busActions } from "./actions/buses.ts";
import { eventActions } from "./actions/put-events.ts";
import { ruleActions } from "./actions/rules.ts";
import { targetActions } from "./actions/targets.ts";
import { deadEvent, dispatch } from "./dispatch.ts";
import { checkInput } from "./input.ts";
import { DEFAULT_BUS, Rules, ruleArn, type Target } from "./rules.ts";

/** EventBridge of the local engine: the API, and what the engine's other parts use in process. */
export interface EventsService extends Service {
  /** Creates a rule on the default bus, or replaces its pattern. @throws AwsError InvalidEventPatternException */
  putRule(name: string, pattern: object): Promise<{ arn: string }>;
  /** Adds a target, or replaces the one of the same id. @throws AwsError ResourceNotFoundException */
  putTarget(ruleName: string, target: Target): Promise<void>;
  /** Takes a target's ARN off a rule; neither has to be there. */
  removeTarget(ruleName: string, targetArn: string): Promise<void>;
  /** Deletes a rule with its targets; none of this name is no error. */
  removeRule(name: string): Promise<void>;
  /** Resolves once every matching target has the event durably, or it lies in the durable retry log. */
  putEvent(event: BusEvent): Promise<void>;
}

const PROTOCOL: JsonProtocol = { version: "1.1", target: "AWSEvents" };

/** Opens the rules of the data directory and serves EventBridge by AWS JSON 1.1. */
export async function createEvents(parts: EngineParts): Promise<EventsService> {
  const rules = await Rules.open(parts);
  const file = path.join(parts.dataDirectory, "events", "undelivered.log");
  const outbox = await Outbox.open(parts, file, deadEvent);
  const operations: Operations = {
    ...busActions(rules, parts),
    ...ruleActions(rules),
    ...targetActions(rules),
    ...eventActions(rules, outbox, parts),
  };
  return {
    handle: (request) => handleJson(PROTOCOL, operations, request),
    fail: (error) => failJson(PROTOCOL, error),
    close: async () => {
      await outbox.close();
      await rules.close();
    },

    putRule: async (name, pattern) => {
      const rule = { name, bus: DEFAULT_BUS, pattern: JSON.stringify(pattern), state: "ENABLED" as const };
      await rules.put(rule);
      return { arn: ruleArn(rule) };
    },
    putTarget: async (ruleName, target) => {
      checkInput(target);
      await rules.putTargets(rules.get(DEFAULT_BUS, ruleName), [target]);
    },
    removeTarget: async (ruleName, targetArn) => {
      const rule = rules.find(DEFAULT_BUS, ruleName);
      if (rule) await rules.save({ ...rule, targets: rule.targets.filter(({ arn }) => arn !== targetArn) });
    },
    removeRule: (name) => rules.delete(DEFAULT_BUS, name),
    putEvent: (event) => dispatch(rules, outbox, DEFAULT_BUS, event),
  };
}
