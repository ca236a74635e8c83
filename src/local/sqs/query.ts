import type { Operation, Operations } from "../http/json-protocol.ts";
import type { Members } from "../http/members.ts";
import { pairs, type QueryOperations, type Xml } from "../http/query-protocol.ts";

/** `http://queue.amazonaws.com/doc/2012-11-05/`: the protocol of AWS CLI v1 and of SDKs before 2023. */
export const QUERY_NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/";

/** List members of requests, by their name in the query form. */
const LISTS: Record<string, string> = {
  AttributeName: "AttributeNames",
  MessageAttributeName: "MessageAttributeNames",
  MessageSystemAttributeName: "MessageSystemAttributeNames",
  TagKey: "TagKeys",
  AWSAccountId: "AWSAccountIds",
  ActionName: "Actions",
};

/** Map members of requests: lists of Name and Value (or Key and Value) in the form. */
const MAPS: Record<string, string> = {
  Attribute: "Attributes",
  MessageAttribute: "MessageAttributes",
  MessageSystemAttribute: "MessageSystemAttributes",
  Tag: "Tags",
};

const ENTRIES = /^(Send|Delete|ChangeVisibility|ChangeMessageVisibility)(Message)?BatchRequestEntry$/;

/** Serves the JSON protocol's actions by the query protocol: the same members under other names. */
export function queryOperations(operations: Operations): QueryOperations {
  return Object.fromEntries(
    Object.entries(operations).map(([action, operation]) => [action, translated(action, operation)]),
  );
}

function translated(action: string, operation: Operation): QueryOperations[string] {
  return async (form, request) => {
    const input = members(form);
    // Older clients post to the queue's own URL and leave QueueUrl out.
    if (input.QueueUrl === undefined && request.path.length > 1) input.QueueUrl = request.path;
    const output = await operation(input, request);
    return output === undefined ? undefined : xml(action, output as Members);
  };
}

function members(form: Members): Members {
  const input: Members = {};
  for (const [name, value] of Object.entries(form)) {
    const list = LISTS[name];
    const map = MAPS[name];
    if (list) input[list] = Array.isArray(value) ? value : [value];
    else if (map) input[map] = pairs<unknown>(value);
    else if (ENTRIES.test(name)) input.Entries = (value as Members[]).map(members);
    else input[name] = value;
  }
  return input;
}

function xml(action: string, output: Members): Xml {
  const result: { [name: string]: Xml } = {};
  for (const [name, value] of Object.entries(output)) {
    if (value === undefined) continue;
    if (name === "QueueUrls" || name === "queueUrls") result.QueueUrl = value as string[];
    else if (name === "Attributes") result.Attribute = named("Name", value as Members);
    else if (name === "MessageAttributes") result.MessageAttribute = named("Name", value as Members);
    else if (name === "Tags") result.Tag = named("Key", value as Members);
    else if (name === "Messages") result.Message = (value as Members[]).map((item) => xml(action, item));
    else if (name === "Successful") result[`${action}ResultEntry`] = value as Xml;
    else if (name === "Failed") result.BatchResultErrorEntry = value as Xml;
    else if (name === "Results") result[`${action}ResultEntry`] = value as Xml;
    else result[name] = value as Xml;
  }
  return result;
}

function named(key: string, map: Members): Xml {
  return Object.entries(map).map(([name, value]) => ({ [key]: name, Value: value as Xml }));
}
