import type { ErrorObject } from "ajv";
import { GatewayResponse } from "./gateway-response.ts";

/** Checks the text of a body. @throws GatewayResponse BAD_REQUEST_BODY that names the first fault */
export type BodyCheck = (text: string) => void;

/**
 * Compiles a request model (JSON schema, draft 4). The schema checker is loaded with the first model: an engine
 * without APIs starts without it.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
 * @throws Error when the schema is none
 */
export async function compileModel(schema: object): Promise<BodyCheck> {
  const { default: Ajv } = await import("ajv-draft-04");
  const validate = new Ajv({ strict: false, verbose: true, logger: false }).compile(schema);
  return (text) => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new GatewayResponse("BAD_REQUEST_BODY", `[the body is not JSON: ${(error as Error).message}]`);
    }
    if (validate(value)) return;
    const reasons = (validate.errors ?? []).map(reason);
    throw new GatewayResponse("BAD_REQUEST_BODY", `[${[...new Set(reasons)].join(", ")}]`);
  };
}

/** In the words of the validator behind API Gateway, where it has been heard to speak of the keyword. */
function reason({ keyword, params, message, data, instancePath }: ErrorObject): string {
  const quoted = (values: string[]) => `([${values.map((value) => JSON.stringify(value)).join(",")}])`;
  const at = instancePath === "" ? "" : `${instancePath}: `;
  switch (keyword) {
    case "required":
      return `${at}object has missing required properties ${quoted([params.missingProperty])}`;
    case "type":
      return `${at}instance type (${typeName(data)}) does not match any allowed primitive type (allowed: [${[
        params.type,
      ]
        .flat()
        .map((type) => JSON.stringify(type))
        .join(",")}])`;
    case "minItems":
      return `${at}array is too short: must have at least ${params.limit} elements but instance has ${(data as unknown[]).length} elements`;
    case "maxItems":
      return `${at}array is too long: must have at most ${params.limit} elements but instance has ${(data as unknown[]).length} elements`;
    default:
      return `${at}${message}`;
  }
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" && Number.isInteger(value) ? "integer" : typeof value;
}
