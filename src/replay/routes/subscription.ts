import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { isSnsNotification, type SnsNotification } from "../../dead-letters/envelope.ts";
import type { Letter } from "../../dead-letters/letter.ts";
import type { Content } from "../outgoing.ts";
import { NoRouteError, queueByArn, type Route, type RouteParts } from "./route.ts";

interface Subscription {
  arn: string;
  protocol: string;
  endpoint: string;
  raw: boolean;
}

type Attributes = Record<string, string>;

/**
 * The way back of a notification that SNS could not deliver: the endpoint of its own subscription, with that one's
 * raw setting. The topic would reach every other subscriber a second time.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
 * @throws NoRouteError
 */
export async function subscriber(letter: Letter, content: Content, parts: RouteParts): Promise<Route> {
  const { body } = letter;
  const notification = isSnsNotification(body) ? body : undefined;
  const subscription = await findSubscription(notification, parts);
  const { protocol, endpoint, raw } = subscription;
  if (protocol === "sqs") {
    const destination = await queueByArn(endpoint, parts);
    return { destination, content: notification && raw ? unwrapped(notification) : content };
  }
  if (protocol === "lambda") {
    const event = notification ? lambdaEvent(notification, subscription.arn) : content.body;
    return { destination: { kind: "function", name: endpoint }, content: { body: event, attributes: {} } };
  }
  throw new NoRouteError(
    "UNSUPPORTED_TARGET",
    `edp can't deliver to ${endpoint} (${protocol}): it knows queues and functions. Give --to URL.`,
  );
}

/** The subscription that the notification names in its UnsubscribeURL, else the one whose dead-letter queue this is. */
async function findSubscription(
  notification: SnsNotification | undefined,
  parts: RouteParts,
): Promise<Subscription> {
  const named = notification && subscriptionArn(notification);
  if (named) {
    const { attributes } = await parts.once(named, async () => ({ attributes: await read(named, parts) }));
    if (attributes) return attributes;
    throw new NoRouteError("SUBSCRIPTION_GONE", `The subscription ${named} doesn't exist any more.`);
  }
  const all = await parts.once("subscriptions", () => subscriptionsOf(parts));
  const [one, ...others] = all;
  if (one && others.length === 0) return one;
  throw new NoRouteError(
    "UNKNOWN_ORIGIN",
    one
      ? `${all.length} subscriptions have ${parts.source.name} as their dead-letter queue, and the message doesn't name its own: give --to URL.`
      : `${parts.source.name} is the dead-letter queue of no queue, subscription or function that edp can see, and the message doesn't say where it came from: give --to URL.`,
  );
}

function subscriptionArn(notification: SnsNotification): string | undefined {
  const { UnsubscribeURL } = notification as SnsNotification & { UnsubscribeURL?: string };
  if (UnsubscribeURL === undefined || !URL.canParse(UnsubscribeURL)) return undefined;
  return new URL(UnsubscribeURL).searchParams.get("SubscriptionArn") ?? undefined;
}

async function read(arn: string, { clients }: RouteParts): Promise<Subscription | undefined> {
  const { GetSubscriptionAttributesCommand, NotFoundException } = await import("@aws-sdk/client-sns");
  try {
    const { Attributes = {} } = await (await clients.sns()).send(
      new GetSubscriptionAttributesCommand({ SubscriptionArn: arn }),
    );
    return subscriptionOf(arn, Attributes);
  } catch (error) {
    if (error instanceof NotFoundException) return undefined;
    throw error;
  }
}

async function subscriptionsOf({ clients, source }: RouteParts): Promise<Subscription[]> {
  const { GetSubscriptionAttributesCommand, paginateListSubscriptions } = await import("@aws-sdk/client-sns");
  const { default: pMap } = await import("p-map");
  const sns = await clients.sns();
  const arns: string[] = [];
  for await (const { Subscriptions = [] } of paginateListSubscriptions({ client: sns }, {})) {
    for (const { SubscriptionArn = "" } of Subscriptions) {
      // One that waits for its confirmation has no ARN yet.
      if (SubscriptionArn.startsWith("arn:")) arns.push(SubscriptionArn);
    }
  }
  const all = await pMap(
    arns,
    async (SubscriptionArn) => {
      const { Attributes = {} } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
      return deadLetterTarget(Attributes) === source.arn ? [subscriptionOf(SubscriptionArn, Attributes)] : [];
    },
    { concurrency: 8 },
  );
  return all.flat();
}

function subscriptionOf(arn: string, attributes: Attributes): Subscription {
  return {
    arn,
    protocol: attributes.Protocol ?? "",
    endpoint: attributes.Endpoint ?? "",
    raw: attributes.RawMessageDelivery?.toLowerCase() === "true",
  };
}

function deadLetterTarget({ RedrivePolicy }: Attributes): string | undefined {
  if (!RedrivePolicy) return undefined;
  return (JSON.parse(RedrivePolicy) as { deadLetterTargetArn?: string }).deadLetterTargetArn;
}

/** What a subscriber with raw delivery gets: https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html */
function unwrapped({ Message, MessageAttributes = {} }: SnsNotification): Content {
  const attributes: Record<string, MessageAttributeValue> = {};
  for (const [name, { Type, Value }] of Object.entries(MessageAttributes)) {
    attributes[name] = Type.startsWith("Binary")
      ? { DataType: Type, BinaryValue: Buffer.from(Value, "base64") }
      : { DataType: Type, StringValue: Value };
  }
  return { body: Message, attributes };
}

/** The event of a subscribed function: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html */
function lambdaEvent(notification: SnsNotification, subscription: string): string {
  const { SigningCertURL, UnsubscribeURL, ...Sns } = notification as SnsNotification &
    Record<string, unknown>;
  return JSON.stringify({
    Records: [
      {
        EventVersion: "1.0",
        EventSubscriptionArn: subscription,
        EventSource: "aws:sns",
        Sns: { ...Sns, SigningCertUrl: SigningCertURL, UnsubscribeUrl: UnsubscribeURL },
      },
    ],
  });
}
