import path from "node:path";
import { execa } from "execa";
import { EdpError, EXIT } from "../errors.ts";
import { findExecutable } from "../find-executable.ts";

/** Looked for in this order. */
const TOOLS = ["docker", "podman", "finch"] as const;

/** Lines of a tool's output that an error repeats. */
const KEPT_LINES = 8;

/** Milliseconds that `info` may take: a virtual machine behind it may be waking up. */
const INFO_TIMEOUT_MS = 60_000;

/** A program that builds and pushes images with docker's arguments. */
export interface ContainerTool {
  path: string;
  /** `docker`, `podman`, `finch`, or what EDP_CONTAINER_TOOL names. */
  name: string;
  /** Its whole environment. */
  variables: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

export interface ToolOutcome {
  succeeded: boolean;
  stdout: string;
  /** The last lines of what it said, on whichever stream. */
  lastLines: string[];
}

/**
 * Finds a container tool, EDP_CONTAINER_TOOL or the first of docker, podman and finch, and sees whether it works.
 * @throws EdpError CONTAINER_TOOL_MISSING or CONTAINER_TOOL_NOT_RUNNING (exit 5)
 */
export async function findContainerTool(
  variables: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<ContainerTool> {
  const chosen = variables.EDP_CONTAINER_TOOL;
  for (const name of chosen ? [chosen] : TOOLS) {
    const file = await findExecutable(name, variables.PATH ?? "");
    if (!file) continue;
    // Lambda takes no image with buildx' attestations, which make an index of it; other builders ignore this.
    // https://docs.docker.com/build/building/variables/#buildx_no_default_attestations
    const environment = { ...variables, BUILDX_NO_DEFAULT_ATTESTATIONS: "1" };
    const tool = { path: file, name: path.basename(file), variables: environment, signal };
    await checkRunning(tool);
    return tool;
  }
  throw new EdpError(
    "CONTAINER_TOOL_MISSING",
    EXIT.terraform,
    chosen
      ? `EDP_CONTAINER_TOOL names ${chosen}, which is not an executable file.`
      : `To package functions as images, one of ${TOOLS.join(", ")} has to be on the PATH; none is.`,
    {
      hint: "Install one (https://docs.docker.com/get-docker/, https://podman.io, https://runfinch.com), name it in EDP_CONTAINER_TOOL, or deploy with --package zip, which needs none.",
    },
  );
}

/** Runs the tool to its end; a failure is returned, an interruption thrown. */
export async function runTool(
  tool: ContainerTool,
  args: readonly string[],
  { input, timeoutMs }: { input?: string; timeoutMs?: number } = {},
): Promise<ToolOutcome> {
  const result = await execa(tool.path, [...args], {
    env: tool.variables,
    extendEnv: false,
    reject: false,
    all: true,
    cancelSignal: tool.signal,
    ...(input === undefined ? { stdin: "ignore" } : { input }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  });
  tool.signal.throwIfAborted();
  const said = result.all.split("\n").filter((line) => line.trim() !== "");
  const silent = result.timedOut
    ? `no answer within ${(timeoutMs ?? 0) / 1000} s`
    : `it ended with ${result.exitCode ?? result.signal ?? result.code}`;
  return {
    succeeded: !result.failed,
    stdout: result.stdout,
    lastLines: said.length > 0 ? said.slice(-KEPT_LINES) : [silent],
  };
}

/** @param message what failed, without a full stop; the tool's own lines follow */
export function toolError(code: string, message: string, { lastLines }: ToolOutcome, hint: string): EdpError {
  return new EdpError(
    code,
    EXIT.terraform,
    [`${message}:`, ...lastLines.map((line) => `  ${line}`)].join("\n"),
    {
      hint,
    },
  );
}

async function checkRunning(tool: ContainerTool): Promise<void> {
  const outcome = await runTool(tool, ["info"], { timeoutMs: INFO_TIMEOUT_MS });
  if (outcome.succeeded) return;
  const start: Record<string, string> = {
    docker: "Start Docker (Docker Desktop, or `sudo systemctl start docker`)",
    podman: "Start podman's machine (`podman machine start`)",
    finch: "Start finch's machine (`finch vm start`)",
  };
  throw toolError(
    "CONTAINER_TOOL_NOT_RUNNING",
    `${tool.name} (${tool.path}) is there, but does not work`,
    outcome,
    `${start[tool.name] ?? `Start ${tool.name}`}, name another tool in EDP_CONTAINER_TOOL, or deploy with --package zip.`,
  );
}
