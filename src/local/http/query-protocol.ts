import { AwsError, type ServiceRequest, type ServiceResponse } from "../service.ts";
import type { Members } from "./members.ts";

/** An XML element's content: text, child elements by name, or a list that repeats the element. */
export type Xml = string | number | boolean | undefined | Xml[] | { [name: string]: Xml };

/** One action: the members of the form in; the content of `<ActionResult>` out, none for no such element. */
export type QueryOperation = (
  input: Members,
  request: ServiceRequest,
) => Promise<Xml | undefined> | Xml | undefined;

export type QueryOperations = Readonly<Record<string, QueryOperation>>;

export interface QueryProtocol {
  /** `xmlns` of the answers, e.g. `http://sns.amazonaws.com/doc/2010-03-31/`. */
  namespace: string;
}

/**
 * Answers one request of the AWS query protocol: a form in, XML out
 * (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).
 * @throws AwsError InvalidAction for an action that is not among `operations`, MissingAction without one.
 */
export async function handleQuery(
  protocol: QueryProtocol,
  operations: QueryOperations,
  request: ServiceRequest,
): Promise<ServiceResponse> {
  const form = await readForm(request);
  const action = form.get("Action");
  if (!action) throw new AwsError("MissingAction", "the request names no Action");
  const operation = Object.hasOwn(operations, action) ? operations[action] : undefined;
  if (!operation) {
    throw new AwsError(
      "InvalidAction",
      `${action} is not served by edp's local engine; use an AWS environment for it`,
    );
  }
  const result = await operation(unflatten(form), request);
  const content = result === undefined ? "" : element(`${action}Result`, result);
  const metadata = element("ResponseMetadata", { RequestId: request.requestId });
  return {
    status: 200,
    headers: { "content-type": "text/xml" },
    body: `<${action}Response xmlns="${protocol.namespace}">${content}${metadata}</${action}Response>`,
  };
}

/** Renders an error as the AWS query protocol does. `code` is the code on the wire where it differs. */
export function failQuery(
  protocol: QueryProtocol,
  error: AwsError,
  request: ServiceRequest,
  code = error.code,
): ServiceResponse {
  const fault = error.status >= 500 ? "Receiver" : "Sender";
  const detail = element("Error", { Type: fault, Code: code, Message: error.message, ...error.members });
  const id = element("RequestId", request.requestId);
  return {
    status: error.status,
    headers: { "content-type": "text/xml" },
    body: `<ErrorResponse xmlns="${protocol.namespace}">${detail}${id}</ErrorResponse>`,
  };
}

/** The form of a POST, or the query of a GET. */
export async function readForm(request: ServiceRequest): Promise<URLSearchParams> {
  const form = new URLSearchParams((await request.bytes()).toString("utf8"));
  for (const [name, value] of request.query) if (!form.has(name)) form.set(name, value);
  return form;
}

/**
 * Turns `A.member.1.B=x` into `{A: [{B: "x"}]}`: a segment `member` or `entry` is dropped, a map
 * (`key`/`value` or `Name`/`Value` entries) stays a list of such pairs; `pairs` makes it a map.
 */
export function unflatten(form: URLSearchParams): Members {
  const root: Node = { children: new Map() };
  for (const [name, value] of form) {
    let node = root;
    for (const segment of name.split(".")) {
      if (segment === "member" || segment === "entry") continue;
      let child = node.children.get(segment);
      if (!child) {
        child = { children: new Map() };
        node.children.set(segment, child);
      }
      node = child;
    }
    node.value = value;
  }
  return Object.fromEntries([...root.children].map(([name, node]) => [name, plain(node)]));
}

interface Node {
  value?: string;
  children: Map<string, Node>;
}

function plain(node: Node): unknown {
  if (node.children.size === 0) return node.value ?? "";
  const names = [...node.children.keys()];
  if (names.every((name) => /^\d+$/.test(name))) {
    const indexes = names.map(Number).sort((a, b) => a - b);
    return indexes.map((index) => plain(node.children.get(String(index)) ?? { children: new Map() }));
  }
  return Object.fromEntries([...node.children].map(([name, child]) => [name, plain(child)]));
}

/** Turns a list of `{Name, Value}`, `{key, value}` or `{Key, Value}` pairs into a map. */
export function pairs<T = string>(value: unknown): Record<string, T> {
  if (!Array.isArray(value)) return {};
  return Object.fromEntries(
    value.map((pair: Members) => [
      String(pair.Name ?? pair.key ?? pair.Key ?? ""),
      (pair.Value ?? pair.value ?? "") as T,
    ]),
  );
}

/** The content of a map in XML, `<entry><key/><value/></entry>`. */
export function mapEntries(map: Record<string, Xml>): Xml {
  return { entry: Object.entries(map).map(([key, value]) => ({ key, value })) };
}

function element(name: string, content: Xml): string {
  if (content === undefined) return "";
  if (Array.isArray(content)) return content.map((item) => element(name, item)).join("");
  if (typeof content === "object") {
    const children = Object.entries(content).map(([child, value]) => element(child, value));
    return `<${name}>${children.join("")}</${name}>`;
  }
  return `<${name}>${escapeXml(String(content))}</${name}>`;
}

/** XML text; a carriage return is written as a reference, or parsers would turn it into a newline. */
function escapeXml(value: string): string {
  return value.replace(/[&<>"\r]/g, (character) => ESCAPES[character] ?? character);
}

const ESCAPES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\r": "&#xD;",
};
