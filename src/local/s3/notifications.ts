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
      key.startsWith(prefix) &&
      key.endsWith(suffix) &&
      events.some(
        (wanted) => wanted === event || (wanted.endsWith("*") && event.startsWith(wanted.slice(0, -1))),
      ),
  );
}

/**
 * Reads the body of PutBucketNotificationConfiguration.
 * @throws AwsError MalformedXML, InvalidArgument for an ARN, event or filter that S3 or the engine has not
 */
export function parseNotifications(source: string): Notifications {
  const root = parseXml(source, "NotificationConfiguration");
  const targets = KINDS.flatMap((kind) =>
    all(root, `${kind}Configuration`).map((configuration, index) => parseTarget(kind, configuration, index)),
  );
  return { eventBridge: all(root, "EventBridgeConfiguration").length > 0, targets };
}

function parseTarget(kind: TargetKind, configuration: XmlElement, index: number): NotificationTarget {
  const arn = textOf(configuration, kind) ?? "";
  if (arn.split(":")[2] !== SERVICE[kind]) {
    throw invalidArgument(`The ARN is not well formed: it must name a ${SERVICE[kind]} resource`, kind, arn);
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
  const filter = { prefix: "", suffix: "" };
  for (const rule of all(configuration, "Filter").flatMap((f) =>
    all(f, "S3Key").flatMap((k) => all(k, "FilterRule")),
  )) {
    const name = (textOf(rule, "Name") ?? "").toLowerCase();
    if (name !== "prefix" && name !== "suffix") {
      throw invalidArgument("filter rule name must be either prefix or suffix", "FilterRule.Name", name);
    }
    filter[name] = textOf(rule, "Value") ?? "";
  }
  return { id: textOf(configuration, "Id") || `${kind}-${index + 1}`, kind, arn, events, ...filter };
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
