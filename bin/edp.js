#!/usr/bin/env node
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `edp needs Node.js 20.19 or newer; this is ${process.version}. See https://nodejs.org\n`,
  );
  process.exit(2);
}
// The SDK runs on this Node; that its later versions will not is no news for every command's user.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
await import("../dist/cli.js");
