import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { LambdaContext } from "./context.ts";

/** A handler as the runtime calls it: the callback form is already turned into a promise. */
export type Handler = (event: unknown, context: LambdaContext) => Promise<unknown>;

type Exported = (
  event: unknown,
  context: LambdaContext,
  callback?: (error: unknown, result?: unknown) => void,
) => unknown;

/** Extensions in the order in which Lambda's runtime looks for a module. */
const EXTENSIONS = ["", ".js", ".mjs", ".cjs"];

/**
 * Loads `<module>.<export>` from the task root, ES module or CommonJS.
 * @throws an error named as Lambda names it: Runtime.ImportModuleError, Runtime.HandlerNotFound,
 *   Runtime.UserCodeSyntaxError, Runtime.MalformedHandlerName; or what the module itself threw.
 */
export async function loadHandler(taskRoot: string, handler: string): Promise<Handler> {
  const separator = handler.lastIndexOf(".");
  if (separator < 1) throw named("Runtime.MalformedHandlerName", `Bad handler: ${handler}`);
  const file = EXTENSIONS.map((extension) =>
    path.join(taskRoot, handler.slice(0, separator) + extension),
  ).find((candidate) => existsSync(candidate));
  if (!file)
    throw named("Runtime.ImportModuleError", `Error: Cannot find module '${handler.slice(0, separator)}'`);
  const module = await load(file);
  const name = handler.slice(separator + 1);
  const exported = module[name] ?? (module.default as Record<string, unknown> | undefined)?.[name];
  if (typeof exported !== "function") {
    throw named("Runtime.HandlerNotFound", `${handler} is undefined or not exported`);
  }
  return promised(exported as Exported);
}

async function load(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) throw named("Runtime.UserCodeSyntaxError", String(error), error);
    const code = (error as NodeJS.ErrnoException | undefined)?.code;
    if (code === "MODULE_NOT_FOUND" || code === "ERR_MODULE_NOT_FOUND") {
      throw named("Runtime.ImportModuleError", String(error), error);
    }
    throw error;
  }
}

/** A handler that declares a third parameter answers through its callback, unless it returns a promise. */
function promised(exported: Exported): Handler {
  if (exported.length < 3) return async (event, context) => exported(event, context);
  return (event, context) =>
    new Promise((resolve, reject) => {
      const returned = exported(event, context, (error, result) => (error ? reject(error) : resolve(result)));
      if (returned instanceof Promise) returned.then(resolve, reject);
    });
}

function named(name: string, message: string, cause?: unknown): Error {
  const error = new Error(message, { cause });
  error.name = name;
  return error;
}
