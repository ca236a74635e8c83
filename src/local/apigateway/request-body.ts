import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { AwsError, type ServiceRequest } from "../service.ts";
import { GatewayResponse } from "./gateway-response.ts";

/** Largest payload of a REST API, in bytes: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html */
export const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;

/** Content codings that the gateway takes off: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gzip-compression-decompression.html */
const CODINGS = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;

/**
 * The payload, decompressed. The limit holds for what was sent and for what comes out of it.
 * @throws GatewayResponse REQUEST_TOO_LARGE; UNSUPPORTED_MEDIA_TYPE for another coding, or bytes that are not in it
 */
export async function readPayload(request: ServiceRequest): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > MAX_PAYLOAD_BYTES) {
    throw new GatewayResponse("REQUEST_TOO_LARGE");
  }
  const sent = await request.bytes(MAX_PAYLOAD_BYTES).catch((error: unknown) => {
    if (error instanceof AwsError && error.status === 413) throw new GatewayResponse("REQUEST_TOO_LARGE");
    throw error;
  });
  const coding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (coding === "identity" || coding === "" || sent.length === 0) return sent;
  const decompress = Object.hasOwn(CODINGS, coding) ? CODINGS[coding as keyof typeof CODINGS] : undefined;
  if (!decompress) throw new GatewayResponse("UNSUPPORTED_MEDIA_TYPE");
  try {
    return await decompress(sent, { maxOutputLength: MAX_PAYLOAD_BYTES });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new GatewayResponse(
      code === "ERR_BUFFER_TOO_LARGE" ? "REQUEST_TOO_LARGE" : "UNSUPPORTED_MEDIA_TYPE",
    );
  }
}
