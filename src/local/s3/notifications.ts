import { MAX_KEY_BYTES } from "./address.ts";
import { invalidArgument, malformedXml } from "./errors.ts";
import { all, document, element, parseXml, text, textOf, type XmlElement } from "./xml.ts";

/** One receiver of a bucket's notifications. */
export interface NotificationTarget {
  id: string;
  kind: TargetKind;
  arn: string;
  /** Such as `s3:ObjectCreated:*`. */
  events: string[];
  prefix: string;
  suffix: string;
}

export interface Notifications {
  /** All events of the bucket go to EventBridge. */
  eventBridge: boolean;
  targets: NotificationTarget[];
}

type TargetKind = "Queue" | "Topic" | "CloudFunction";

const KINDS: readonly TargetKind[] = ["Topic", "Queue", "CloudFunction"];
/** Service that an ARN of each kind must name. */
const SERVICE: Record<TargetKind, string> = { Queue: "sqs", Topic: "sns", CloudFunction: "lambda" };
const EVENT =
  /^s3:(ObjectCreated:(\*|Put|Post|Copy|CompleteMultipartUpload)|ObjectRemoved:(\*|Delete|DeleteMarkerCreated))$/;

/** The targets whose events and key filters take this event, e.g. `s3:ObjectCreated:Put`. */
export function matching(notifications: Notifications, event: string, key: string): NotificationTarget[] {
  return notifications.targets.filter(
    ({ events, prefix, suffix }) =>
      key.startsWith(prefix) && key.endsWith(suffix) && events.some((wanted) => covers(wanted, event)),
  );
}

/**
 * Reads the body of PutBucketNotificationConfiguration.
 * @throws AwsError MalformedXML, InvalidArgument for an ARN, event or filter that S3 or the engine has not, and
 *   for two configurations that would take the same event
 */
export function parseNotifications(source: string): Notifications {
  const root = parseXml(source, "NotificationConfiguration");
  const targets = KINDS.flatMap((kind) =>
    all(root, `${kind}Configuration`).map((configuration, index) => parseTarget(kind, configuration, index)),
  );
  refuseOverlaps(targets);
  return { eventBridge: all(root, "EventBridgeConfiguration").length > 0, targets };
}

/**
 * No event may have two receivers: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
 * @throws AwsError InvalidArgument
 */
function refuseOverlaps(targets: readonly NotificationTarget[]): void {
  const ids = new Set<string>();
  for (const [index, target] of targets.entries()) {
    if (ids.has(target.id)) {
      throw invalidArgument("Same ID used for multiple configurations. IDs must be unique", "Id", target.id);
    }
    ids.add(target.id);
    for (const other of targets.slice(0, index)) {
      if (!overlap(target, other)) continue;
      throw invalidArgument(
        "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.",
        "Id",
        `${other.id}, ${target.id}`,
      );
    }
  }
}

/** Whether some event of some key would go to both. */
function overlap(a: NotificationTarget, b: NotificationTarget): boolean {
  const either = (holds: (x: NotificationTarget, y: NotificationTarget) => boolean) =>
    holds(a, b) || holds(b, a);
  return (
    either((x, y) => x.prefix.startsWith(y.prefix)) &&
    either((x, y) => x.suffix.endsWith(y.suffix)) &&
    either((x, y) => x.events.some((event) => y.events.some((wanted) => covers(wanted, event))))
  );
}

/** Whether an event, or all the events `event` stands for, are among those `wanted` stands for. */
function covers(wanted: string, event: string): boolean {
  return wanted === event || (wanted.endsWith("*") && event.startsWith(wanted.slice(0, -1)));
}

function parseTarget(kind: TargetKind, configuration: XmlElement, index: number): NotificationTarget {
  const arn = textOf(configuration, kind) ?? "";
  if (arn.split(":")[2] !== SERVICE[kind]) {
    throw invalidArgument(`The ARN is not well formed: it must name a ${SERVICE[kind]} resource`, kind, arn);
  }
  if (arn.endsWith(".fifo")) {
    throw invalidArgument("FIFO queues and topics cannot receive notifications of S3", kind, arn);
  }
  const events = all(configuration, "Event").map((event) => event.text);
  if (events.length === 0) throw malformedXml(`${kind}Configuration names no Event`);
  for (const event of events) {
    if (!EVENT.test(event)) {
      throw invalidArgument(
        "The event is not supported for notifications by edp's local engine",
        "Event",
        event,
      );
    }
  }
  const id = textOf(configuration, "Id") || `${kind}-${index + 1}`;
  return { id, kind, arn, events, ...parseFilter(configuration) };
}

function parseFilter(configuration: XmlElement): Pick<NotificationTarget, "prefix" | "suffix"> {
  const filter: { prefix?: string; suffix?: string } = {};
  const rules = all(configuration, "Filter").flatMap((one) =>
    all(one, "S3Key").flatMap((key) => all(key, "FilterRule")),
  );
  for (const rule of rules) {
    const name = (textOf(rule, "Name") ?? "").toLowerCase();
    const value = textOf(rule, "Value") ?? "";
    if (name !== "prefix" && name !== "suffix") {
      throw invalidArgument("filter rule name must be either prefix or suffix", "FilterRule.Name", name);
    }
    if (filter[name] !== undefined) {
      throw invalidArgument(
        `Cannot specify more than one ${name} rule in a filter.`,
        "FilterRule.Name",
        name,
      );
    }
    if (Buffer.byteLength(value) > MAX_KEY_BYTES) {
      throw invalidArgument(
        "Size of filter rule value cannot exceed 1024 bytes in UTF-8",
        "FilterRule.Value",
        value,
      );
    }
    filter[name] = value;
  }
  return { prefix: "", suffix: "", ...filter };
}

/** The answer of GetBucketNotificationConfiguration. */
export function renderNotifications({ eventBridge, targets }: Notifications): string {
  return document(
    "NotificationConfiguration",
    ...targets.map((target) =>
      element(
        `${target.kind}Configuration`,
        text("Id", target.id),
        text(target.kind, target.arn),
        ...target.events.map((event) => text("Event", event)),
        renderFilter(target),
      ),
    ),
    eventBridge ? element("EventBridgeConfiguration") : "",
  );
}

function renderFilter({ prefix, suffix }: NotificationTarget): string {
  const rule = (name: string, value: string) =>
    value === "" ? "" : element("FilterRule", text("Name", name), text("Value", value));
  const rules = rule("Prefix", prefix) + rule("Suffix", suffix);
  return rules === "" ? "" : element("Filter", element("S3Key", rules));
}
