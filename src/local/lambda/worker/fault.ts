import type { FunctionFault } from "../worker-protocol.ts";

/** Whatever was thrown, in the form in which Lambda's Node.js runtime reports it. */
export function functionFault(thrown: unknown): FunctionFault {
  if (thrown instanceof Error || isErrorLike(thrown)) {
    return {
      errorType: thrown.name,
      errorMessage: thrown.message,
      trace: (thrown.stack ?? "").split("\n"),
    };
  }
  return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
}

/** Errors of another realm (vm, bundles) are no instance of this realm's Error. */
function isErrorLike(thrown: unknown): thrown is Error {
  return (
    typeof thrown === "object" &&
    thrown !== null &&
    typeof (thrown as Error).name === "string" &&
    typeof (thrown as Error).message === "string"
  );
}
