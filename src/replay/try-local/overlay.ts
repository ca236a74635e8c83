import { Readable } from "node:stream";
import { addressOf } from "../../local/s3/address.ts";
import { noSuchKey, preconditionFailed } from "../../local/s3/errors.ts";
import type { S3Service } from "../../local/s3/service.ts";
import { AwsError, type Service, type ServiceRequest, type ServiceResponse } from "../../local/service.ts";
import type { EnvironmentReader } from "./environment-reader.ts";

/** Subresources that only the scratch place can have: uploads that a trial has begun. */
const OF_SCRATCH = ["uploads", "uploadId"] as const;

/**
 * S3 as a trial sees it: the environment's buckets to read, and everything that is written goes to a scratch place and
 * is read back from there. Conditions of a write hold against both. Nothing but GET and HEAD reaches the environment.
 */
export class OverlayS3 implements Service {
  /** `bucket/key` of everything that a trial wrote or deleted: these the scratch place answers for. */
  readonly #touched = new Set<string>();

  constructor(
    private readonly scratch: S3Service,
    private readonly environment: EnvironmentReader,
    /** Names of the environment's buckets. */
    private readonly buckets: ReadonlySet<string>,
  ) {}

  async handle(request: ServiceRequest): Promise<ServiceResponse> {
    const { bucket, key } = addressOf(request);
    if (!this.buckets.has(bucket)) return this.scratch.handle(request);
    if (request.method === "GET" || request.method === "HEAD") return this.#read(request, bucket, key);
    return this.#write(request, bucket, key);
  }

  fail(error: AwsError, request: ServiceRequest): ServiceResponse {
    return this.scratch.fail(error, request);
  }

  close(): Promise<void> {
    return this.scratch.close();
  }

  async #read(request: ServiceRequest, bucket: string, key: string): Promise<ServiceResponse> {
    if (OF_SCRATCH.some((name) => request.query.has(name))) return this.scratch.handle(request);
    if (key === "") {
      this.#refuseMixedListing(request, bucket);
      return this.#pass(request, bucket);
    }
    if (!this.#touched.has(`${bucket}/${key}`)) return this.#pass(request, bucket);
    if (!request.query.has("versionId")) return this.scratch.handle(request);
    try {
      return await this.scratch.handle(request);
    } catch (error) {
      if (error instanceof AwsError && /^(NoSuchVersion|InvalidArgument)$/.test(error.code)) {
        return this.#pass(request, bucket);
      }
      throw error;
    }
  }

  async #write(request: ServiceRequest, bucket: string, key: string): Promise<ServiceResponse> {
    const { query, headers, method } = request;
    if (key === "") {
      return query.has("delete") ? this.#deleteMany(request, bucket) : this.scratch.handle(request);
    }
    const source = headers["x-amz-copy-source"];
    if (typeof source === "string" && !this.#touched.has(sourceName(source))) {
      throw notInTrial(`copy ${source} of the environment`);
    }
    const part = query.has("uploadId") && method !== "POST";
    if (part || query.has("uploads")) return this.scratch.handle(request);
    const name = `${bucket}/${key}`;
    const checked = this.#touched.has(name) ? request : await this.#checkConditions(request, bucket, key);
    const answer = await this.scratch.handle(checked);
    this.#touched.add(name);
    return answer;
  }

  /** Checks If-Match and If-None-Match against what the environment has, where no trial wrote the key. */
  async #checkConditions(request: ServiceRequest, bucket: string, key: string): Promise<ServiceRequest> {
    const { "if-match": match, "if-none-match": noneMatch, ...headers } = request.headers;
    if (match === undefined && noneMatch === undefined) return request;
    const {
      status,
      headers: found = {},
      body,
    } = await this.environment.read({
      method: "HEAD",
      bucket,
      encodedKey: encodedKey(request, bucket),
      query: new URLSearchParams(),
      headers: {},
    });
    // Unread, an answer keeps its connection for ever, even one without content.
    if (body instanceof Readable) body.resume();
    if (status !== 200 && status !== 404) throw new AwsError("InternalError", `HEAD answered ${status}`, 503);
    if (noneMatch !== undefined && status === 200) throw preconditionFailed("If-None-Match");
    if (match === undefined) return request;
    if (status === 404) throw noSuchKey(key);
    if (plain(match) !== plain(String(found.etag ?? ""))) throw preconditionFailed("If-Match");
    // The scratch place has no such object yet; of two writers at once only one may win, as in S3.
    return { ...request, headers: { ...headers, "if-none-match": "*" } };
  }

  async #deleteMany(request: ServiceRequest, bucket: string): Promise<ServiceResponse> {
    const body = await request.bytes();
    const answer = await this.scratch.handle({
      ...request,
      body: Readable.from([body], { objectMode: false }),
      bytes: async () => body,
    });
    for (const [, key = ""] of body.toString("utf8").matchAll(/<Key>([^<]*)<\/Key>/g)) {
      this.#touched.add(`${bucket}/${unescapeXml(key)}`);
    }
    return answer;
  }

  /** A list shows the environment as it is; where a trial has changed it, that would be wrong without a word. */
  #refuseMixedListing({ query }: ServiceRequest, bucket: string): void {
    const prefix = `${bucket}/${query.get("prefix") ?? ""}`;
    for (const name of this.#touched) {
      if (name.startsWith(prefix)) throw notInTrial(`list ${prefix}, where it has written itself`);
    }
  }

  #pass(request: ServiceRequest, bucket: string): Promise<ServiceResponse> {
    const method = request.method === "HEAD" ? "HEAD" : "GET";
    const { query, headers } = request;
    return this.environment.read({ method, bucket, encodedKey: encodedKey(request, bucket), query, headers });
  }
}

function notInTrial(what: string): AwsError {
  return new AwsError(
    "NotImplemented",
    `A local trial cannot ${what}; replay such letters without --try-local.`,
    501,
  );
}

/** The key as the request has it, percent-encoded; requests to an address without a name are path-style. */
function encodedKey({ path }: ServiceRequest, bucket: string): string {
  const rest = path.replace(/^\//, "");
  return rest.startsWith(`${bucket}/`) || rest === bucket ? rest.slice(bucket.length + 1) : rest;
}

function sourceName(header: string): string {
  return decodeURIComponent(header.replace(/^\//, "").replace(/\?versionId=.*$/, ""));
}

function plain(etag: string): string {
  return etag.replaceAll('"', "");
}

function unescapeXml(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
}
