import type { Operations } from "../../http/json-protocol.ts";
import { type Members, structures, text } from "../../http/members.ts";
import { busName, DEFAULT_BUS, type Rule, type Rules, ruleArn } from "../rules.ts";
import { paged, requiredText, tagMap, validation } from "./required.ts";

const NAME = /^[.\-_A-Za-z0-9]{1,64}$/;

export function ruleActions(rules: Rules): Operations {
  const bus = (input: Members) => busName(text(input, "EventBusName"));
  const get = (input: Members) => rules.get(bus(input), requiredText(input, "Name"));
  const setState = async (input: Members, state: Rule["state"]) => {
    await rules.save({ ...get(input), state });
    return undefined;
  };
  return {
    PutRule: async (input) => {
      const name = requiredText(input, "Name");
      if (!NAME.test(name)) {
        throw validation(
          `Value '${name}' at 'name' must be 1 to 64 letters, digits, dots, hyphens or underscores`,
        );
      }
      if (text(input, "ScheduleExpression")) {
        throw validation("edp's local engine serves no scheduled rules: give an EventPattern");
      }
      const pattern = text(input, "EventPattern");
      if (!pattern) throw validation("Parameter(s) EventPattern or ScheduleExpression must be specified.");
      const state = text(input, "State") ?? "ENABLED";
      const rule = {
        name,
        bus: bus(input),
        pattern,
        state: state === "DISABLED" ? ("DISABLED" as const) : ("ENABLED" as const),
        description: text(input, "Description"),
        roleArn: text(input, "RoleArn"),
        tags: tagMap(structures(input, "Tags")),
      };
      await rules.put(rule);
      return { RuleArn: ruleArn(rule) };
    },

    DescribeRule: (input) => {
      const rule = get(input);
      return { ...shape(rule), CreatedBy: ruleArn(rule).split(":")[4] };
    },

    DeleteRule: async (input) => {
      const rule = rules.find(bus(input), requiredText(input, "Name"));
      rules.bus(bus(input));
      if (!rule) return undefined;
      if (rule.targets.length > 0) throw validation("Rule can't be deleted since it has targets.");
      await rules.delete(rule.bus, rule.name);
      return undefined;
    },

    EnableRule: (input) => setState(input, "ENABLED"),

    DisableRule: (input) => setState(input, "DISABLED"),

    ListRules: (input) => {
      rules.bus(bus(input));
      const prefix = text(input, "NamePrefix") ?? "";
      const named = rules.of(bus(input)).filter(({ name }) => name.startsWith(prefix));
      const { page, NextToken } = paged(named, input);
      return { Rules: page.map(shape), NextToken };
    },

    ListRuleNamesByTarget: (input) => {
      const arn = requiredText(input, "TargetArn");
      const having = rules
        .of(bus(input))
        .filter(({ targets }) => targets.some((target) => target.arn === arn));
      const { page, NextToken } = paged(having, input);
      return { RuleNames: page.map(({ name }) => name), NextToken };
    },
  };
}

function shape(rule: Rule) {
  return {
    Name: rule.name,
    Arn: ruleArn(rule),
    EventPattern: rule.pattern,
    State: rule.state,
    Description: rule.description,
    RoleArn: rule.roleArn,
    EventBusName: rule.bus || DEFAULT_BUS,
  };
}
