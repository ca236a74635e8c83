import { LOCAL_REGION } from "../service.ts";
import type { FunctionVersion } from "./function.ts";

/**
 * Everything an execution environment sees: what Lambda sets, and the function's own variables. Nothing of
 * the engine's shell but PATH gets in, so that a function cannot depend on the machine it runs on. Reserved
 * names win: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function environmentVariables(
  version: FunctionVersion,
  logStream: string,
  endpoint: string,
): Record<string, string> {
  const { name, environment, memoryMb, handler } = version.declaration;
  return {
    AWS_ENDPOINT_URL: endpoint,
    // On AWS a newer Node runs; the machine's must not fill every environment's log with this notice.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    LANG: "en_US.UTF-8",
    PATH: process.env.PATH ?? "",
    // Without it no socket can be opened on Windows.
    ...(process.env.SystemRoot ? { SystemRoot: process.env.SystemRoot } : {}),
    ...environment,
    _HANDLER: handler,
    _X_AMZN_TRACE_ID: "",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_REGION: LOCAL_REGION,
    AWS_DEFAULT_REGION: LOCAL_REGION,
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split(".")[0]}.x`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: version.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    LAMBDA_TASK_ROOT: version.taskRoot,
    TZ: ":UTC",
  };
}
