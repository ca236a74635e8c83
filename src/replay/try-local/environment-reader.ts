import type { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import type { ServiceRequest, ServiceResponse } from "../../local/service.ts";

/** A request for a bucket of the environment, in the only two methods that can't change anything. */
export interface ReadRequest {
  method: "GET" | "HEAD";
  bucket: string;
  /** Percent-encoded, without a leading slash; empty for the bucket itself. */
  encodedKey: string;
  query: URLSearchParams;
  headers: ServiceRequest["headers"];
}

/** A request and an answer of the SDK's HTTP handler, as far as they are looked at. */
interface WireRequest {
  method: string;
  path: string;
  query: Record<string, string | string[]>;
  headers: Record<string, string>;
}
interface WireResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: Readable;
}

/** Request headers that change what is read; all others are the worker's own, its signature above all. */
const FORWARDED = [
  "range",
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-unmodified-since",
  "x-amz-checksum-mode",
  "x-amz-object-attributes",
  "x-amz-optional-object-attributes",
  "x-amz-max-parts",
  "x-amz-part-number-marker",
  "x-amz-request-payer",
] as const;
/** Answer headers that belong to the connection it came over. */
const OF_CONNECTION = new Set(["connection", "keep-alive", "transfer-encoding", "date", "server"]);

/**
 * Reads a bucket of the environment for a trial: the request goes on as it came, signed with the credentials of this
 * process, and the answer comes back as it is, errors included. The worker never sees a credential.
 */
export class EnvironmentReader {
  constructor(
    private readonly s3: S3Client,
    /** Told of each request, for tests and `--verbose`. */
    private readonly onRead: (request: ReadRequest) => void = () => {},
  ) {}

  async read(request: ReadRequest): Promise<ServiceResponse> {
    // Checked here too, the last place before the wire: types are gone at run time.
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new Error(`a trial must not send ${request.method} to the environment`);
    }
    this.onRead(request);
    const { statusCode, headers, body } = await this.#send(request);
    const kept = Object.entries(headers).filter(([name]) => !OF_CONNECTION.has(name.toLowerCase()));
    return { status: statusCode, headers: Object.fromEntries(kept), body };
  }

  /** HeadBucket finds the endpoint and signs; between the two it becomes the request that is wanted. */
  async #send({ method, bucket, encodedKey, query, headers }: ReadRequest): Promise<WireResponse> {
    const { HeadBucketCommand } = await import("@aws-sdk/client-s3");
    const command = new HeadBucketCommand({ Bucket: bucket });
    command.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as WireRequest;
        request.method = method;
        request.path = `${request.path.replace(/\/$/, "")}/${encodedKey}`;
        request.query = parametersOf(query);
        for (const name of FORWARDED) {
          const value = headers[name];
          if (typeof value === "string") request.headers[name] = value;
        }
        return next(args);
      },
      { step: "build", name: "edpReadOfTrial" },
    );
    let response: WireResponse | undefined;
    command.middlewareStack.addRelativeTo(
      () => async (args: { request?: unknown }) => {
        ({ response } = await this.s3.config.requestHandler.handle(args.request as WireRequest));
        return { response, output: { $metadata: {} } };
      },
      { relation: "after", toMiddleware: "httpSigningMiddleware", name: "edpRawAnswer" },
    );
    await this.s3.send(command);
    if (!response) throw new Error(`the SDK sent no request for ${bucket}/${encodedKey}`);
    return response;
  }
}

function parametersOf(query: URLSearchParams): Record<string, string | string[]> {
  const parameters: Record<string, string | string[]> = {};
  for (const name of new Set(query.keys())) {
    const [value = "", ...more] = query.getAll(name);
    parameters[name] = more.length > 0 ? [value, ...more] : value;
  }
  return parameters;
}
