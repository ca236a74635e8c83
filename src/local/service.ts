import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { Clock } from "./clock.ts";

/** Account id of everything in the local engine. */
export const LOCAL_ACCOUNT = "000000000000";
/** Region of everything in the local engine. */
export const LOCAL_REGION = "us-east-1";

/** One AWS request, routed to its service; `aws-chunked` framing is already taken off the body. */
export interface ServiceRequest {
  method: string;
  /** Path as sent: percent-encoded, with the leading slash. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Names and values in turn, as the client wrote them. */
  rawHeaders: readonly string[];
  /** Payload. It fails with an AwsError when a checksum trailer doesn't match. */
  body: Readable;
  /** Reads the whole payload. @throws AwsError RequestEntityTooLarge above `limitBytes`. */
  bytes(limitBytes?: number): Promise<Buffer>;
  /** Answered as x-amzn-requestid. */
  requestId: string;
  /** Aborted when the client has gone, so that a long poll takes nothing for nobody. */
  closed?: AbortSignal;
}

export interface ServiceResponse {
  status: number;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer | Readable;
}

/** One AWS service behind the engine's port. Errors are thrown as AwsError and rendered in its wire form. */
export interface Service {
  handle(request: ServiceRequest): Promise<ServiceResponse>;
  /** Renders an error in the service's own wire form. */
  fail(error: AwsError, request: ServiceRequest): ServiceResponse;
  /** Whether pages of another site, at this origin, may send this request; absent: none may. */
  allowsOrigin?(request: ServiceRequest, origin: string): boolean;
  close(): Promise<void>;
}

/** An error in AWS's terms: the code that SDKs turn into an exception's name. */
export class AwsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
    /** Further members of the error's wire form. */
    readonly members: Record<string, string> = {},
  ) {
    super(message);
    this.name = "AwsError";
  }
}

/** What every service of the engine is built with. */
export interface EngineParts {
  clock: Clock;
  /** The engine's data directory; each service keeps to a folder of its own name. */
  dataDirectory: string;
  /** `http://127.0.0.1:PORT`, known once the port is open. */
  endpoint(): string;
  wiring: Wiring;
  /** One line for the engine's own log. */
  log(line: string): void;
}

/** An event as EventBridge carries it. */
export interface BusEvent {
  id: string;
  source: string;
  "detail-type": string;
  time: string;
  account: string;
  region: string;
  resources: string[];
  version: "0";
  detail: Record<string, unknown>;
}

/** Text attributes of a message on its way to a queue or topic. */
export type MessageAttributes = Record<
  string,
  { DataType: string; StringValue?: string; BinaryValue?: string /* base64 */ }
>;

export interface Delivery {
  body: string;
  attributes?: MessageAttributes;
  messageGroupId?: string;
  messageDeduplicationId?: string;
  /** X-Ray header, kept over every hop. */
  traceHeader?: string;
}

/**
 * Calls between the engine's services, so that none imports another. Each resolves once the receiver has
 * made the message durable, and rejects when it cannot be delivered: the caller then retries or uses its DLQ.
 */
export interface Wiring {
  /** S3 -> EventBridge. */
  putEvent(event: BusEvent): Promise<void>;
  /** EventBridge and SNS -> the thing with this ARN (SQS queue, SNS topic, Lambda function). */
  deliver(targetArn: string, delivery: Delivery): Promise<void>;
}
