import path from "node:path";
import { AwsError, type EngineParts, LOCAL_ACCOUNT, LOCAL_REGION } from "../service.ts";
import { DurableMap } from "../storage/durable-map.ts";
import type { TargetInput } from "./input.ts";
import { compileEventPattern, type Matcher } from "./pattern.ts";

export const DEFAULT_BUS = "default";
/** Targets of one rule (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html). */
const TARGETS_PER_RULE = 5;

export interface Target extends TargetInput {
  id: string;
  arn: string;
  dlqArn?: string;
  maximumRetryAttempts?: number;
  maximumEventAgeInSeconds?: number;
  /** SqsParameters.MessageGroupId. */
  messageGroupId?: string;
  roleArn?: string;
}

export interface Rule {
  name: string;
  bus: string;
  pattern: string;
  state: "ENABLED" | "DISABLED";
  description?: string;
  roleArn?: string;
  tags: Record<string, string>;
  targets: Target[];
}

export interface Bus {
  name: string;
  description?: string;
  createdAt: number;
  tags: Record<string, string>;
}

export function busArn(name: string): string {
  return `arn:aws:events:${LOCAL_REGION}:${LOCAL_ACCOUNT}:event-bus/${name}`;
}

export function ruleArn({ name, bus }: Pick<Rule, "name" | "bus">): string {
  const within = bus === DEFAULT_BUS ? name : `${bus}/${name}`;
  return `arn:aws:events:${LOCAL_REGION}:${LOCAL_ACCOUNT}:rule/${within}`;
}

/** A bus by its name or its ARN. */
export function busName(nameOrArn: string | undefined): string {
  return nameOrArn?.split("event-bus/").at(-1) || DEFAULT_BUS;
}

/** Event buses and their rules, durable. Patterns are compiled once. */
export class Rules {
  readonly #matchers = new Map<string, Matcher>();

  private constructor(
    readonly rules: DurableMap<Rule>,
    readonly buses: DurableMap<Bus>,
  ) {}

  static async open(parts: EngineParts): Promise<Rules> {
    const directory = path.join(parts.dataDirectory, "events");
    const buses = await DurableMap.open<Bus>(path.join(directory, "buses.log"));
    const rules = new Rules(await DurableMap.open<Rule>(path.join(directory, "rules.log")), buses);
    if (!buses.has(DEFAULT_BUS)) {
      await buses.set(DEFAULT_BUS, { name: DEFAULT_BUS, createdAt: parts.clock.now(), tags: {} });
    }
    return rules;
  }

  /** @throws AwsError ResourceNotFoundException */
  bus(name: string): Bus {
    const bus = this.buses.get(name);
    if (!bus) throw notFound(`Event bus ${name} does not exist.`);
    return bus;
  }

  find(bus: string, name: string): Rule | undefined {
    return this.rules.get(`${bus}/${name}`);
  }

  /** @throws AwsError ResourceNotFoundException */
  get(bus: string, name: string): Rule {
    this.bus(bus);
    const rule = this.find(bus, name);
    if (!rule) throw notFound(`Rule ${name} does not exist on EventBus ${bus}.`);
    return rule;
  }

  /** The rules of a bus, by name. */
  of(bus: string): Rule[] {
    return this.rules
      .values()
      .filter((rule) => rule.bus === bus)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Creates or replaces a rule; its targets stay. @throws AwsError InvalidEventPatternException */
  async put(rule: Omit<Rule, "targets" | "tags"> & { tags?: Record<string, string> }): Promise<void> {
    this.bus(rule.bus);
    this.#matcher(rule.pattern);
    const before = this.find(rule.bus, rule.name);
    await this.save({
      ...rule,
      tags: before?.tags ?? rule.tags ?? {},
      targets: before?.targets ?? [],
    });
  }

  async save(rule: Rule): Promise<void> {
    await this.rules.set(`${rule.bus}/${rule.name}`, rule);
  }

  async delete(bus: string, name: string): Promise<void> {
    await this.rules.delete(`${bus}/${name}`);
  }

  /** Adds targets to a rule, or replaces those of the same id. @throws AwsError LimitExceededException */
  async putTargets(rule: Rule, targets: readonly Target[]): Promise<void> {
    const ids = new Set(targets.map(({ id }) => id));
    const all = [...rule.targets.filter(({ id }) => !ids.has(id)), ...targets];
    if (all.length > TARGETS_PER_RULE) {
      throw new AwsError(
        "LimitExceededException",
        `The rule ${rule.name} would have ${all.length} targets; a rule has at most ${TARGETS_PER_RULE}.`,
      );
    }
    await this.save({ ...rule, targets: all });
  }

  /** The enabled rules of a bus that an event matches. */
  matching(bus: string, event: object): Rule[] {
    return this.of(bus).filter(({ state, pattern }) => state === "ENABLED" && this.#matcher(pattern)(event));
  }

  async close(): Promise<void> {
    await this.rules.close();
    await this.buses.close();
  }

  #matcher(pattern: string): Matcher {
    const known = this.#matchers.get(pattern);
    if (known) return known;
    const matcher = compileEventPattern(pattern);
    this.#matchers.set(pattern, matcher);
    return matcher;
  }
}

function notFound(message: string): AwsError {
  return new AwsError("ResourceNotFoundException", message);
}
