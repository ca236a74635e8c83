import { LOCAL_ACCOUNT, LOCAL_REGION } from "../service.ts";
import { messageFor, type Published } from "./envelope.ts";

/** Address of whoever reads the outbox: the engine sends no mail, it keeps what SNS would send. */
export const OUTBOX_ADDRESS = "outbox@edp.local";

/** Log group that keeps the mails of a topic. */
export function mailGroup(topicArn: string): string {
  return `/edp/mail/${topicArn.split(":").at(-1)}`;
}

/** Where the engine delivers the mails of a topic to. */
export function mailGroupArn(topicArn: string): string {
  return `arn:aws:logs:${LOCAL_REGION}:${LOCAL_ACCOUNT}:log-group:${mailGroup(topicArn)}`;
}

/** A message as a mail; without a subject SNS writes one: https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html */
export function mail(published: Published, to: string): string {
  const subject = published.subject ?? "AWS Notification Message";
  return `To: ${to}\nSubject: ${subject}\n\n${messageFor(published, "email")}`;
}
