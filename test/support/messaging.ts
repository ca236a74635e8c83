import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SNSClient } from "@aws-sdk/client-sns";
import { type Message, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { ManualClock } from "../../src/local/clock.ts";
import { createEvents, type EventsService } from "../../src/local/events/service.ts";
import { AwsError, type Delivery } from "../../src/local/service.ts";
import { createSns, type SnsService } from "../../src/local/sns/service.ts";
import { createSqs, type SqsService } from "../../src/local/sqs/service.ts";
import { engineParts, serve, temporaryDirectory } from "./services.ts";

/** SQS, SNS and EventBridge wired to each other as in the engine, with real SDK clients. */
export interface Messaging {
  clock: ManualClock;
  sqs: SqsService;
  sns: SnsService;
  events: EventsService;
  clients: { sqs: SQSClient; sns: SNSClient; events: EventBridgeClient };
  endpoint: string;
  /** What functions were invoked with. */
  invocations: { arn: string; payload: string }[];
  /** Lines of the engine's log. */
  log: string[];
  /** Fails deliveries to this ARN as an unreachable target does, until it is deleted from the set. */
  unreachable: Set<string>;
  /** Creates a queue and gives its URL and ARN. */
  queue(name: string, attributes?: Record<string, string>): Promise<{ url: string; arn: string }>;
  /** Up to ten messages of a queue, with all their attributes. */
  receive(url: string): Promise<Message[]>;
  /** Ends everything as `kill -9` does, and starts it again from its files. */
  crash(): Promise<void>;
  close(): Promise<void>;
}

export async function startMessaging(): Promise<Messaging> {
  const clock = new ManualClock();
  const directory = await temporaryDirectory();
  const shared = { clock, invocations: [], log: [], unreachable: new Set<string>() };
  const state = { ...shared } as unknown as Messaging;
  const ended: { close(): Promise<void> }[] = [];
  let server: Awaited<ReturnType<typeof serve>>;
  let life = { beats: true };

  async function deliver(arn: string, delivery: Delivery): Promise<void> {
    if (state.unreachable.has(arn)) throw new AwsError("ServiceUnavailable", "out of reach", 503);
    const service = arn.split(":")[2];
    if (service === "sqs") await state.sqs.send(arn, delivery);
    else if (service === "sns") await state.sns.publish(arn, delivery);
    else state.invocations.push({ arn, payload: delivery.body });
  }

  async function start(): Promise<void> {
    const own = { beats: true };
    life = own;
    const parts = engineParts({
      dataDirectory: directory.path,
      endpoint: () => server.endpoint,
      log: (line) => void state.log.push(line),
      clock: { now: () => clock.now(), after: (ms, run) => clock.after(ms, () => own.beats && run()) },
      wiring: { deliver, putEvent: (event) => state.events.putEvent(event) },
    });
    state.sqs = await createSqs(parts);
    state.sns = await createSns(parts);
    state.events = await createEvents(parts);
    ended.push(state.events, state.sns, state.sqs);
    server = await serve({ sqs: state.sqs, sns: state.sns, events: state.events });
    state.endpoint = server.endpoint;
    state.clients = {
      sqs: new SQSClient(server.settings),
      sns: new SNSClient(server.settings),
      events: new EventBridgeClient(server.settings),
    };
  }

  await start();
  return Object.assign(state, {
    queue: (name: string, attributes = {}) => state.sqs.createQueue(name, attributes),
    receive: async (QueueUrl: string) => {
      const { Messages } = await state.clients.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          MessageSystemAttributeNames: ["All"],
          MessageAttributeNames: ["All"],
        }),
      );
      return Messages ?? [];
    },
    crash: async () => {
      await server.close();
      life.beats = false;
      await start();
    },
    close: async () => {
      await server.close();
      for (const service of ended) await service.close();
      await directory.remove();
    },
  });
}
