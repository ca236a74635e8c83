import { createHash } from "node:crypto";
import { LOCAL_ACCOUNT, LOCAL_REGION } from "../service.ts";

/** What a pipeline says of one function. */
export interface FunctionDeclaration {
  name: string;
  /** Path of the bundle's zip; it is read once, at deployment. */
  zip: string;
  /** `<module>.<export>`, e.g. `index.handler`. */
  handler: string;
  environment: Record<string, string>;
  memoryMb: number;
  timeoutSeconds: number;
  /** Queue or topic for events whose asynchronous invocation failed for good. */
  dlqArn?: string;
}

/** A deployed version of a function's code and settings. Environments are never shared between versions. */
export interface FunctionVersion {
  declaration: FunctionDeclaration;
  arn: string;
  logGroup: string;
  /** Directory of the unpacked bundle. */
  taskRoot: string;
  codeSha256: string;
  codeBytes: number;
  /** Hash of everything an environment is started with. */
  fingerprint: string;
  /** Milliseconds since the epoch. */
  deployedAt: number;
}

export function functionArn(name: string): string {
  return `arn:aws:lambda:${LOCAL_REGION}:${LOCAL_ACCOUNT}:function:${name}`;
}

/** Name in a function name, a partial ARN (`123456789012:function:name`) or an ARN, with or without a qualifier. */
export function functionName(reference: string): string {
  const match = /^(?:(?:arn:[^:]+:lambda:[^:]*:)?[^:]*:?function:)?([^:]+)(?::[^:]+)?$/.exec(reference);
  return match?.[1] ?? reference;
}

/** Puts a declaration and its unpacked bundle together. */
export function functionVersion(
  declaration: FunctionDeclaration,
  bundle: { taskRoot: string; sha256: string; bytes: number },
  deployedAt: number,
): FunctionVersion {
  const { handler, environment, memoryMb, timeoutSeconds } = declaration;
  const started = JSON.stringify([bundle.sha256, handler, environment, memoryMb, timeoutSeconds]);
  return {
    declaration,
    arn: functionArn(declaration.name),
    logGroup: `/aws/lambda/${declaration.name}`,
    taskRoot: bundle.taskRoot,
    codeSha256: bundle.sha256,
    codeBytes: bundle.bytes,
    fingerprint: createHash("sha256").update(started).digest("hex"),
    deployedAt,
  };
}
