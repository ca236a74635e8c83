/**
 * The machine-readable UI of `terraform init|plan|apply|destroy -json`, one JSON object a line.
 * https://developer.hashicorp.com/terraform/internals/machine-readable-ui
 */
export type TerraformEvent =
  | { type: "version"; terraform: string }
  | { type: "diagnostic"; diagnostic: Diagnostic }
  | { type: "planned"; resource: ResourceName; action: string }
  | { type: "refresh"; resource: ResourceName; done: boolean }
  | {
      type: "apply";
      resource: ResourceName;
      action: string;
      phase: "start" | "progress" | "complete" | "errored";
    }
  | { type: "summary"; operation: string; add: number; change: number; remove: number }
  /** Any other message, and lines that are not JSON (a crash, a wrapper script). */
  | { type: "text"; text: string };

export interface ResourceName {
  address: string;
  type: string;
}

/** One error or warning, as Terraform reports it. */
export interface Diagnostic {
  severity: "error" | "warning";
  summary: string;
  detail: string;
  /** Resource it belongs to, where there is one. */
  address: string | null;
  /** Place in the HCL. */
  file: string | null;
  line: number | null;
}

const PHASES = {
  apply_start: "start",
  apply_progress: "progress",
  apply_complete: "complete",
  apply_errored: "errored",
} as const;

/** Reads one line of the stream; undefined for an empty one. Never throws: what it does not know becomes text. */
export function parseLine(line: string): TerraformEvent | undefined {
  if (line.trim() === "") return undefined;
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return { type: "text", text: line };
  }
  if (!isRecord(message)) return { type: "text", text: line };
  return fromMessage(message) ?? { type: "text", text: text(message["@message"]) || line };
}

function fromMessage(message: Record<string, unknown>): TerraformEvent | undefined {
  const type = text(message.type);
  if (type === "version") return { type, terraform: text(message.terraform) || text(message.tofu) };
  if (type === "diagnostic" && isRecord(message.diagnostic)) {
    return { type, diagnostic: readDiagnostic(message.diagnostic) };
  }
  if (type === "planned_change" && isRecord(message.change)) {
    const resource = readResource(message.change);
    return resource && { type: "planned", resource, action: text(message.change.action) };
  }
  if (type === "change_summary" && isRecord(message.changes)) {
    const { operation, add, change, remove } = message.changes;
    return {
      type: "summary",
      operation: text(operation),
      add: count(add),
      change: count(change),
      remove: count(remove),
    };
  }
  if (!isRecord(message.hook)) return undefined;
  const resource = readResource(message.hook);
  if (!resource) return undefined;
  if (type === "refresh_start" || type === "refresh_complete") {
    return { type: "refresh", resource, done: type === "refresh_complete" };
  }
  const phase = type in PHASES ? PHASES[type as keyof typeof PHASES] : undefined;
  return phase && { type: "apply", resource, action: text(message.hook.action), phase };
}

/** Reads a diagnostic object, of the stream or of `terraform validate -json`. */
export function readDiagnostic(value: Record<string, unknown>): Diagnostic {
  const range = isRecord(value.range) ? value.range : undefined;
  const start = isRecord(range?.start) ? range.start : undefined;
  return {
    severity: value.severity === "warning" ? "warning" : "error",
    summary: text(value.summary),
    detail: text(value.detail),
    address: text(value.address) || null,
    file: text(range?.filename) || null,
    line: typeof start?.line === "number" ? start.line : null,
  };
}

function readResource(holder: Record<string, unknown>): ResourceName | undefined {
  const { resource } = holder;
  if (!isRecord(resource)) return undefined;
  return { address: text(resource.addr), type: text(resource.resource_type) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function count(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** Cuts a growing text into lines; a last line without its newline waits for the rest or for `end`. */
export class LineSplitter {
  #rest = "";

  push(chunk: string): string[] {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines;
  }

  end(): string[] {
    const rest = this.#rest;
    this.#rest = "";
    return rest === "" ? [] : [rest];
  }
}
