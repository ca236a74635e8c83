import type { Operations } from "../../http/json-protocol.ts";
import { type Members, structures, text, texts } from "../../http/members.ts";
import { AwsError, type EngineParts } from "../../service.ts";
import { type Bus, busArn, busName, DEFAULT_BUS, type Rule, type Rules } from "../rules.ts";
import { paged, requiredText, tagMap, validation } from "./required.ts";

export function busActions(rules: Rules, parts: EngineParts): Operations {
  return {
    CreateEventBus: async (input) => {
      const name = requiredText(input, "Name");
      if (rules.buses.has(name)) {
        throw new AwsError("ResourceAlreadyExistsException", `Event bus ${name} already exists.`);
      }
      if (!/^[/.\-_A-Za-z0-9]{1,256}$/.test(name))
        throw validation(`Value '${name}' at 'name' is not a bus name.`);
      const description = text(input, "Description");
      const tags = tagMap(structures(input, "Tags"));
      await rules.buses.set(name, { name, description, createdAt: parts.clock.now(), tags });
      return { EventBusArn: busArn(name), Description: description };
    },

    DescribeEventBus: (input) => shape(rules.bus(busName(text(input, "Name")))),

    ListEventBuses: (input) => {
      const prefix = text(input, "NamePrefix") ?? "";
      const { page, NextToken } = paged(
        rules.buses.values().filter(({ name }) => name.startsWith(prefix)),
        input,
      );
      return { EventBuses: page.map(shape), NextToken };
    },

    DeleteEventBus: async (input) => {
      const name = requiredText(input, "Name");
      if (name === DEFAULT_BUS) throw validation("Cannot delete event bus default.");
      if (rules.of(name).length > 0) throw validation("Event bus can't be deleted since it has rules.");
      await rules.buses.delete(name);
      return undefined;
    },

    TagResource: async (input) => {
      const added = tagMap(structures(input, "Tags"));
      await retag(rules, input, (tags) => ({ ...tags, ...added }));
      return undefined;
    },

    UntagResource: async (input) => {
      const removed = texts(input, "TagKeys");
      await retag(rules, input, (tags) =>
        Object.fromEntries(Object.entries(tags).filter(([key]) => !removed.includes(key))),
      );
      return undefined;
    },

    ListTagsForResource: (input) => {
      const { tags } = tagged(rules, input).thing;
      return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
    },
  };
}

async function retag(
  rules: Rules,
  input: Members,
  change: (tags: Record<string, string>) => Record<string, string>,
): Promise<void> {
  const found = tagged(rules, input);
  const tags = change(found.thing.tags);
  if (found.kind === "rule") await rules.save({ ...found.thing, tags });
  else await rules.buses.set(found.thing.name, { ...found.thing, tags });
}

function tagged(rules: Rules, input: Members): { kind: "rule"; thing: Rule } | { kind: "bus"; thing: Bus } {
  const [kind, ...rest] = (requiredText(input, "ResourceARN").split(":")[5] ?? "").split("/");
  if (kind === "event-bus") return { kind: "bus", thing: rules.bus(rest.join("/")) };
  const name = rest.pop() ?? "";
  return { kind: "rule", thing: rules.get(rest.length > 0 ? rest.join("/") : DEFAULT_BUS, name) };
}

function shape(bus: Bus) {
  return {
    Name: bus.name,
    Arn: busArn(bus.name),
    Description: bus.description,
    CreationTime: bus.createdAt / 1000,
    LastModifiedTime: bus.createdAt / 1000,
  };
}
