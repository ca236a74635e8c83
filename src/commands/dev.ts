import { watch } from "node:fs";
import path from "node:path";
import { defineCommand } from "../command.ts";
import { LOCAL_ENV } from "../context.ts";
import { EdpError, EXIT, UsageError } from "../errors.ts";
import { PACKAGE_ROOT, PIPELINES_DIRECTORY } from "../package-root.ts";
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
    const [{ hostEngine }, { DEFAULT_PORT, withLocalLock }, { findEngine }, { deployRequest }] = await Promise.all([
      import("../local/host.ts"),
      import("../local/background.ts"),
      import("../local/control.ts"),
      import("../local/deploy.ts"),
    ]);
    const names = options.pipelines.length > 0 ? options.pipelines : (context.config.pipelines ?? []);
    const pipelines = selectPipelines(await loadPipelines([PIPELINES_DIRECTORY]), names);
    const events = new EventQueue();
    const emit = (kind: DevEvent["kind"], message: string, fn?: string) =>
      events.push({ time: new Date(context.now()).toISOString(), kind, message, ...(fn ? { function: fn } : {}) });
    const engine = await withLocalLock(context.directory, async () => {
      if (await findEngine(context.directory)) {
        throw new EdpError("ENGINE_RUNNING", EXIT.usage, "The local engine already runs in the background.", {
          hint: "Stop it with `npx edp destroy`, or watch it with `npx edp tail`.",
        });
      }
      const settings = {
        directory: context.directory,
        log: (line: string) => emit("engine", line),
        onFunctionLog: (group: string, message: string) => emit("log", message, group.split("/").at(-1)),
        onStop: () => events.end(),
      };
      return hostEngine({ ...settings, port: options.port ?? DEFAULT_PORT }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EADDRINUSE") throw error;
        if (options.port === undefined) return hostEngine({ ...settings, port: 0 });
        throw new EdpError("PORT_IN_USE", EXIT.notDeployed, `Port ${options.port} is taken by another program.`, {
          hint: "Give another with --port, or leave it away to take any free one.",
        });
      });
    });
    const deploy = async () => engine.deploy(await deployRequest(context, { pipelines, awsTiming: options.awsTiming }));
    await deploy();
    emit("ready", `${names.join(", ") || "every pipeline"} at ${engine.endpoint}; Ctrl-C stops`);
    let settling: NodeJS.Timeout | undefined;
    const watcher = watch(path.join(PACKAGE_ROOT, "src", "lambda"), { recursive: true }, (_event, file) => {
      clearTimeout(settling);
      settling = setTimeout(() => {
        deploy().then(
          () => emit("rebuilt", `rebuilt after a change of ${file}`),
          (error: Error) => emit("build-failed", error.message),
        );
      }, SETTLE_MS);
    });
    context.signal.addEventListener("abort", () => events.end(), { once: true });
    return (async function* () {
      try {
        yield* events;
      } finally {
        clearTimeout(settling);
        watcher.close();
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
      event.kind === "log" ? color.cyan(event.function ?? "") : event.kind === "build-failed" ? color.red("build") : color.green(event.kind);
    terminal.out(`${clock} ${label} ${event.message.trimEnd()}\n`);
  },
});

/** Events pushed from callbacks, read as an async iterable. */
class EventQueue implements AsyncIterable<DevEvent> {
  #events: DevEvent[] = [];
  #wake = () => {};
  #ended = false;

  push(event: DevEvent): void {
    this.#events.push(event);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<DevEvent> {
    while (!this.#ended || this.#events.length > 0) {
      yield* this.#events.splice(0);
      if (!this.#ended && this.#events.length === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
