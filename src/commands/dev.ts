import { watch } from "node:fs";
import path from "node:path";
import { defineCommand } from "../command.ts";
import { type Context, LOCAL_ENV } from "../context.ts";
import { EdpError, EXIT, UsageError } from "../errors.ts";
import { EventQueue } from "../event-queue.ts";
import type { Engine } from "../local/engine.ts";
import { PACKAGE_ROOT, PIPELINES_DIRECTORY } from "../package-root.ts";
import { printable } from "../terminal/printable.ts";
import { loadPipelines } from "../topology/load.ts";
import { selectPipelines } from "../topology/select.ts";

interface Options {
  pipelines: string[];
  port: number | undefined;
  awsTiming: boolean;
}

/** One thing that happened while the engine ran in the foreground. */
interface DevEvent {
  time: string;
  kind: "ready" | "log" | "rebuilt" | "build-failed" | "engine" | "stopped";
  /** Log group of a function's line. */
  function?: string;
  message: string;
}

type Emit = (kind: DevEvent["kind"], message: string, fn?: string) => void;

/** Milliseconds to wait after a change, since editors write a file more than once. */
const SETTLE_MS = 100;

export default defineCommand<Options, DevEvent>({
  configure(command) {
    command
      .argument("[pipeline...]", "pipelines to run (default: those of edp.config.json, else all)")
      .option("--port <number>", "port on 127.0.0.1 (default: 4510, else any free one)")
      .option("--aws-timing", "keep the declared batch windows and visibility timeouts")
      .addHelpText(
        "after",
        `
Examples:
  $ edp dev                 the local engine in the foreground; Ctrl-C stops it, its data stays
  $ edp dev spotify --json  one JSON object a line

The functions' logs are printed as they come. A change under src/lambda/ rebuilds the functions and swaps
them in; what is running finishes on the old code. In another terminal: edp ingest, edp status.`,
      );
  },
  options(args, flags) {
    const port = flags.port === undefined ? undefined : Number(flags.port);
    if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
      throw new UsageError(`--port ${flags.port} is not a port.`, { hint: "Give a number from 1 to 65535." });
    }
    return { pipelines: [...args], port, awsTiming: flags.awsTiming === true };
  },
  async run(options, context) {
    if (context.env !== LOCAL_ENV) {
      throw new UsageError(`edp dev runs the local engine; the environment is ${context.env}.`, {
        hint: "Leave --env and EDP_ENV away.",
      });
    }
    const { deployRequest } = await import("../local/deploy.ts");
    const names = options.pipelines.length > 0 ? options.pipelines : (context.config.pipelines ?? []);
    const pipelines = selectPipelines(await loadPipelines([PIPELINES_DIRECTORY]), names);
    const events = new EventQueue<DevEvent>();
    const emit: Emit = (kind, message, fn) =>
      events.push({
        time: new Date(context.now()).toISOString(),
        kind,
        message,
        ...(fn ? { function: fn } : {}),
      });
    const engine = await startEngine(context, options.port, emit, () => events.end());
    const deploy = async () =>
      engine.deploy(await deployRequest(context, { pipelines, awsTiming: options.awsTiming }));
    try {
      await deploy();
      context.signal.throwIfAborted();
    } catch (error) {
      await engine.close();
      throw error;
    }
    emit("ready", `${names.join(", ") || "every pipeline"} at ${engine.endpoint}; Ctrl-C stops`);
    context.signal.addEventListener("abort", () => events.end(), { once: true });
    const stopWatching = watchSources(deploy, emit);
    return (async function* () {
      try {
        yield* events;
      } finally {
        await stopWatching();
        await engine.close();
      }
      yield { time: new Date(context.now()).toISOString(), kind: "stopped" as const, message: "data kept" };
    })();
  },
  exitCode: (event) => (event.kind === "stopped" ? EXIT.interrupted : EXIT.done),
  render(event, { terminal }) {
    const { color } = terminal;
    const clock = color.dim(event.time.slice(11, 23));
    const label =
      event.kind === "log"
        ? color.cyan(event.function ?? "")
        : event.kind === "build-failed"
          ? color.red("build")
          : color.green(event.kind);
    terminal.out(`${clock} ${label} ${printable(event.message.trimEnd())}\n`);
  },
});

/** Runs the engine in this process; @throws EdpError ENGINE_RUNNING, PORT_IN_USE. */
async function startEngine(
  context: Context,
  port: number | undefined,
  emit: Emit,
  onStop: () => void,
): Promise<Engine> {
  const [{ hostEngine }, { DEFAULT_PORT, predecessorGone, withLocalLock }, { findEngine }] =
    await Promise.all([
      import("../local/host.ts"),
      import("../local/background.ts"),
      import("../local/control.ts"),
    ]);
  const { directory } = context;
  const settings = {
    directory,
    log: (line: string) => emit("engine", line),
    onFunctionLog: (group: string, message: string) => emit("log", message, group.split("/").at(-1)),
    onStop,
  };
  return withLocalLock(directory, async () => {
    if (await findEngine(directory)) {
      throw new EdpError("ENGINE_RUNNING", EXIT.usage, "The local engine already runs.", {
        hint: "Stop it with `npx edp destroy`, or watch it with `npx edp tail`.",
      });
    }
    await predecessorGone(directory);
    try {
      return await hostEngine({ ...settings, port: port ?? DEFAULT_PORT });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
    if (port === undefined) return hostEngine({ ...settings, port: 0 });
    throw new EdpError("PORT_IN_USE", EXIT.notDeployed, `Port ${port} is taken by another program.`, {
      hint: "Give another with --port, or leave it away to take any free one.",
    });
  });
}

/** Deploys after each change of a Lambda's source, one build at a time. Returns what ends that. */
function watchSources(deploy: () => Promise<unknown>, emit: Emit): () => Promise<void> {
  let settling: NodeJS.Timeout | undefined;
  let building = Promise.resolve();
  const rebuild = (file: string | null) => async () => {
    try {
      await deploy();
      emit("rebuilt", `rebuilt after a change of ${file}`);
    } catch (error) {
      emit("build-failed", (error as Error).message);
    }
  };
  const watcher = watch(path.join(PACKAGE_ROOT, "src", "lambda"), { recursive: true }, (_event, file) => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      building = building.then(rebuild(file));
    }, SETTLE_MS);
  });
  watcher.on("error", (error: Error) => emit("engine", `changes are no longer seen: ${error.message}`));
  return async () => {
    clearTimeout(settling);
    watcher.close();
    await building;
  };
}
