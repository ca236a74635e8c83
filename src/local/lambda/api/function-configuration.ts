import { LOCAL_ACCOUNT } from "../../service.ts";
import type { FunctionVersion } from "../function.ts";

/** A function as GetFunctionConfiguration shows it. */
export function functionConfiguration(version: FunctionVersion) {
  const { name, handler, environment, memoryMb, timeoutSeconds, dlqArn } = version.declaration;
  return {
    FunctionName: name,
    FunctionArn: version.arn,
    Runtime: "nodejs22.x",
    Role: `arn:aws:iam::${LOCAL_ACCOUNT}:role/${name}`,
    Handler: handler,
    CodeSize: version.codeBytes,
    Description: "",
    Timeout: timeoutSeconds,
    MemorySize: memoryMb,
    LastModified: new Date(version.deployedAt).toISOString().replace("Z", "+0000"),
    CodeSha256: Buffer.from(version.codeSha256, "hex").toString("base64"),
    Version: "$LATEST",
    Environment: { Variables: environment },
    ...(dlqArn ? { DeadLetterConfig: { TargetArn: dlqArn } } : {}),
    TracingConfig: { Mode: "Active" },
    RevisionId: revisionId(version.fingerprint),
    State: "Active",
    LastUpdateStatus: "Successful",
    PackageType: "Zip",
    Architectures: [process.arch === "arm64" ? "arm64" : "x86_64"],
    EphemeralStorage: { Size: 512 },
    LoggingConfig: { LogFormat: "Text", LogGroup: version.logGroup },
  };
}

function revisionId(hash: string): string {
  return hash.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
