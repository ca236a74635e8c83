import type { Operations } from "../../http/json-protocol.ts";
import { integer, type Members, structure, structures, text, textMap, texts } from "../../http/members.ts";
import { checkInput } from "../input.ts";
import { busName, type Rules, type Target } from "../rules.ts";
import { paged, requiredText, validation } from "./required.ts";

/** Services whose things can be targets in the local engine. */
const TARGET_SERVICES = ["sqs", "sns", "lambda"];

export function targetActions(rules: Rules): Operations {
  const ruleOf = (input: Members) =>
    rules.get(busName(text(input, "EventBusName")), requiredText(input, "Rule"));
  return {
    PutTargets: async (input) => {
      const rule = ruleOf(input);
      const targets = structures(input, "Targets").map(read);
      if (targets.length === 0) throw validation("At least one target must be given.");
      await rules.putTargets(rule, targets);
      return { FailedEntryCount: 0, FailedEntries: [] };
    },

    RemoveTargets: async (input) => {
      const rule = ruleOf(input);
      const ids = texts(input, "Ids");
      await rules.save({ ...rule, targets: rule.targets.filter(({ id }) => !ids.includes(id)) });
      return { FailedEntryCount: 0, FailedEntries: [] };
    },

    ListTargetsByRule: (input) => {
      const { page, NextToken } = paged(ruleOf(input).targets, input);
      return { Targets: page.map(shape), NextToken };
    },
  };
}

function read(input: Members): Target {
  const retry = structure(input, "RetryPolicy") ?? {};
  const transformer = structure(input, "InputTransformer");
  const target: Target = {
    id: requiredText(input, "Id"),
    arn: requiredText(input, "Arn"),
    roleArn: text(input, "RoleArn"),
    dlqArn: text(structure(input, "DeadLetterConfig") ?? {}, "Arn"),
    maximumRetryAttempts: integer(retry, "MaximumRetryAttempts"),
    maximumEventAgeInSeconds: integer(retry, "MaximumEventAgeInSeconds"),
    messageGroupId: text(structure(input, "SqsParameters") ?? {}, "MessageGroupId"),
    input: text(input, "Input"),
    inputPath: text(input, "InputPath"),
    inputTransformer: transformer && {
      pathsMap: textMap(transformer, "InputPathsMap"),
      template: requiredText(transformer, "InputTemplate"),
    },
  };
  const service = target.arn.split(":")[2] ?? "";
  if (!TARGET_SERVICES.includes(service)) {
    throw validation(
      `edp's local engine delivers to ${TARGET_SERVICES.join(", ")}, not to ${service || target.arn}: target ${target.id}`,
    );
  }
  if (target.arn.endsWith(".fifo") && target.messageGroupId === undefined) {
    throw validation(`Parameter(s) SqsParameters must be specified for target: ${target.id}.`);
  }
  checkInput(target);
  return target;
}

function shape(target: Target) {
  const { maximumRetryAttempts, maximumEventAgeInSeconds, inputTransformer } = target;
  const retries = maximumRetryAttempts !== undefined || maximumEventAgeInSeconds !== undefined;
  return {
    Id: target.id,
    Arn: target.arn,
    RoleArn: target.roleArn,
    Input: target.input,
    InputPath: target.inputPath,
    InputTransformer: inputTransformer && {
      InputPathsMap: inputTransformer.pathsMap,
      InputTemplate: inputTransformer.template,
    },
    DeadLetterConfig: target.dlqArn ? { Arn: target.dlqArn } : undefined,
    RetryPolicy: retries
      ? { MaximumRetryAttempts: maximumRetryAttempts, MaximumEventAgeInSeconds: maximumEventAgeInSeconds }
      : undefined,
    SqsParameters: target.messageGroupId ? { MessageGroupId: target.messageGroupId } : undefined,
  };
}
