import type { Operations } from "../../http/json-protocol.ts";
import { texts } from "../../http/members.ts";
import { invalidValue, missingParameter } from "../errors.ts";
import type { Queue } from "../queue.ts";
import type { Queues } from "../queues.ts";
import { requiredQueue, requiredText } from "./required.ts";

interface Policy {
  Version: string;
  Id: string;
  Statement: { Sid?: string; [member: string]: unknown }[];
}

/** AddPermission and RemovePermission keep the policy; the engine itself checks no access. */
export function permissionActions(queues: Queues): Operations {
  return {
    AddPermission: async (input) => {
      const queue = requiredQueue(queues, input);
      const label = requiredText(input, "Label");
      const accounts = texts(input, "AWSAccountIds");
      const actions = texts(input, "Actions");
      if (actions.length === 0) throw missingParameter("Actions");
      if (accounts.length === 0) throw missingParameter("AWSAccountIds");
      const policy = policyOf(queue);
      if (policy.Statement.some(({ Sid }) => Sid === label)) {
        throw invalidValue(label, "Label", "Already exists.");
      }
      policy.Statement.push({
        Sid: label,
        Effect: "Allow",
        Principal: { AWS: single(accounts.map((account) => `arn:aws:iam::${account}:root`)) },
        Action: single(actions.map((action) => `SQS:${action}`)),
        Resource: queue.arn,
      });
      await queues.setAttributes(queue, { Policy: JSON.stringify(policy) });
      return undefined;
    },

    RemovePermission: async (input) => {
      const queue = requiredQueue(queues, input);
      const label = requiredText(input, "Label");
      const policy = policyOf(queue);
      const kept = policy.Statement.filter(({ Sid }) => Sid !== label);
      if (kept.length === policy.Statement.length) {
        throw invalidValue(label, "Label", "can't find label on existing policy.");
      }
      const Policy = kept.length > 0 ? JSON.stringify({ ...policy, Statement: kept }) : "";
      await queues.setAttributes(queue, { Policy });
      return undefined;
    },
  };
}

function policyOf(queue: Queue): Policy {
  if (queue.attributes.Policy) return JSON.parse(queue.attributes.Policy) as Policy;
  return { Version: "2012-10-17", Id: `${queue.arn}/SQSDefaultPolicy`, Statement: [] };
}

/** A list of one is written as its one value. */
function single(values: string[]): string | string[] {
  return values.length === 1 && values[0] !== undefined ? values[0] : values;
}
