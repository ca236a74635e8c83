import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";

export const API_KEY = "test-api-key-0123456789";

export interface PostedEvent {
  type: string;
  eventId: string;
  data: unknown;
}

/** Answers a request in place of the API; undefined lets it through. `lost` takes the events and breaks the connection. */
export type ApiFault = (
  events: PostedEvent[],
) => { status: number; body?: unknown; headers?: Record<string, string> } | "reset" | "lost" | undefined;

export interface FakeEventsApi {
  /** With the stage. */
  url: string;
  /** The next requests meet these, one each. */
  faults: ApiFault[];
  /** Ids of every request, in the order in which they came. */
  requests: string[][];
  /** What has gone into the stream, repetitions included. */
  stream: PostedEvent[];
  /** Writes what is in the stream to a bucket, as the delivery does: one object per type; the rest under errors. */
  deliver(
    s3: S3Client,
    bucket: string,
    options?: { unplaceable?: (event: PostedEvent) => boolean },
  ): Promise<void>;
  close(): Promise<void>;
}

/** An HTTP server that answers as the API of the fakestore pipeline does; it refuses events whose data is null. */
export async function startEventsApi(): Promise<FakeEventsApi> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  let delivered = 0;
  const fake: FakeEventsApi = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    faults: [],
    requests: [],
    stream: [],
    deliver: async (s3, Bucket, { unplaceable = () => false } = {}) => {
      const events = fake.stream.slice(delivered);
      delivered = fake.stream.length;
      const time = new Date();
      const iso = time.toISOString();
      const folder = `year=${iso.slice(0, 4)}/month=${iso.slice(5, 7)}/day=${iso.slice(8, 10)}/hour=${iso.slice(11, 13)}`;
      const put = (Key: string, lines: object[]) =>
        s3.send(
          new PutObjectCommand({
            Bucket,
            Key,
            Body: gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join("")),
          }),
        );
      const good = events.filter((event) => !unplaceable(event));
      for (const type of new Set(good.map(({ type }) => type))) {
        const key = `events/type=${type}/${folder}/events-1-${delivered}.gz`;
        await put(
          key,
          good.filter((event) => event.type === type),
        );
      }
      const bad = events.filter(unplaceable).map((event) => ({
        attemptsMade: 1,
        errorCode: "DynamicPartitioning.MetadataExtractionFailed",
        errorMessage: "partitionKeys values must not be null",
        rawData: Buffer.from(JSON.stringify(event)).toString("base64"),
      }));
      if (bad.length > 0) await put(`errors/metadata-extraction-failed/events-1-${delivered}.gz`, bad);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    if (request.url !== "/v1/events") return send(response, 403, { message: "Missing Authentication Token" });
    if (request.headers["x-api-key"] !== API_KEY) return send(response, 403, { message: "Forbidden" });
    const events = JSON.parse(Buffer.concat(chunks).toString("utf8")) as PostedEvent[];
    fake.requests.push(events.map(({ eventId }) => eventId));
    const fault = fake.faults.shift()?.(events);
    const good = events.filter(({ data }) => data !== null);
    if (fault === undefined || fault === "lost") fake.stream.push(...good);
    if (fault === "reset" || fault === "lost") return request.socket.destroy();
    if (fault) return send(response, fault.status, fault.body ?? "", fault.headers);
    const listed = events.map(({ eventId, data }, index) => ({ index, eventId, data }));
    const body = {
      accepted: listed.filter(({ data }) => data !== null).map(({ index, eventId }) => ({ index, eventId })),
      rejected: listed
        .filter(({ data }) => data === null)
        .map(({ index }) => ({
          index,
          path: "data",
          reason: "Invalid type: Expected Object but received null",
        })),
    };
    return send(response, body.rejected.length === 0 ? 202 : good.length > 0 ? 207 : 400, body);
  }
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): ServerResponse {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
}
