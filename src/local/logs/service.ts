import {
  failJson,
  handleJson,
  type JsonProtocol,
  type Operations,
  parseMembers,
} from "../http/json-protocol.ts";
import type { AwsError, EngineParts, Service, ServiceRequest, ServiceResponse } from "../service.ts";
import { filterLogEvents } from "./actions/filter-log-events.ts";
import { getLogEvents } from "./actions/get-log-events.ts";
import { logGroupActions } from "./actions/log-group-actions.ts";
import { logStreamActions } from "./actions/log-stream-actions.ts";
import { putLogEvents } from "./actions/put-log-events.ts";
import { startLiveTail } from "./actions/start-live-tail.ts";
import { tagActions } from "./actions/tag-actions.ts";
import { type LogGroup, LogGroups, type LogStream } from "./log-groups.ts";

const PROTOCOL: JsonProtocol = { version: "1.1", target: "Logs_20140328" };

/** The one action that answers with a stream. */
const LIVE_TAIL = `${PROTOCOL.target}.StartLiveTail`;

/** Opens CloudWatch Logs on `<data directory>/logs/`. */
export async function createLogs(parts: EngineParts): Promise<LogsService> {
  return new LogsService(parts, await LogGroups.open(parts));
}

/** CloudWatch Logs. */
export class LogsService implements Service {
  readonly #operations: Operations;
  /** Creations under way, so that events that arrive together make one group and one stream. */
  #creating = new Map<string, Promise<unknown>>();

  /** Use createLogs. */
  constructor(
    private readonly parts: EngineParts,
    private readonly groups: LogGroups,
  ) {
    this.#operations = {
      ...logGroupActions(groups),
      ...logStreamActions(groups),
      ...tagActions(groups),
      PutLogEvents: putLogEvents(groups, parts.clock),
      GetLogEvents: getLogEvents(groups, parts.log),
      FilterLogEvents: filterLogEvents(groups, parts.log),
    };
  }

  /** Creates the group unless it exists; sets its retention in days. */
  async createGroup(name: string, retentionDays?: number): Promise<void> {
    const group = await this.#group(name);
    if (retentionDays !== undefined && group.retentionDays !== retentionDays) {
      await this.groups.change(group, { retentionDays });
    }
  }

  /** Deletes the group and its events. Nothing happens where it doesn't exist. */
  async removeGroup(name: string): Promise<void> {
    const group = this.groups.find(name);
    if (group) await this.groups.remove(group);
  }

  /**
   * Appends events of the engine itself (timestamps in milliseconds since the epoch), creating group and
   * stream where needed. Resolves once they are on disk.
   */
  async append(
    groupName: string,
    streamName: string,
    events: readonly { timestamp: number; message: string }[],
  ): Promise<void> {
    const group = this.groups.find(groupName) ?? (await this.#group(groupName));
    const stream = group.streams.get(streamName) ?? (await this.#stream(group, streamName));
    const ingestionTime = this.parts.clock.now();
    await this.groups.append(
      group,
      events.map((event) => ({ ...event, ingestionTime, stream: stream.number })),
    );
  }

  /** Appends one event of the engine itself to the group of this ARN. */
  async deliver(groupArn: string, message: string): Promise<void> {
    const group = groupArn.slice(groupArn.indexOf("log-group:") + "log-group:".length);
    await this.append(group, "engine", [{ timestamp: this.parts.clock.now(), message }]);
  }

  async handle(request: ServiceRequest): Promise<ServiceResponse> {
    if (request.headers["x-amz-target"] === LIVE_TAIL) {
      return startLiveTail(this.groups, this.parts, parseMembers(await request.bytes()), request);
    }
    return handleJson(PROTOCOL, this.#operations, request);
  }

  fail(error: AwsError): ServiceResponse {
    return failJson(PROTOCOL, error);
  }

  close(): Promise<void> {
    return this.groups.close();
  }

  #group(name: string): Promise<LogGroup> {
    return this.#once(name, async () => this.groups.find(name) ?? (await this.groups.create(name)));
  }

  #stream(group: LogGroup, name: string): Promise<LogStream> {
    return this.#once(
      `${group.name}\n${name}`,
      async () => group.streams.get(name) ?? (await this.groups.createStream(group, name)),
    );
  }

  #once<T>(key: string, create: () => Promise<T>): Promise<T> {
    const running = this.#creating.get(key) as Promise<T> | undefined;
    if (running) return running;
    const created = create().finally(() => this.#creating.delete(key));
    this.#creating.set(key, created);
    return created;
  }
}
