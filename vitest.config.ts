import { defineConfig, type Plugin } from "vitest/config";

/** SQL files are text, as esbuild's loader makes them in bundles. */
const sqlAsText: Plugin = {
  name: "sql-as-text",
  transform: (code, id) =>
    id.endsWith(".sql") ? { code: `export default ${JSON.stringify(code)};`, map: null } : undefined,
};

const project = (name: string, testTimeout: number, sequence = false) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: testTimeout,
    fileParallelism: !sequence,
  },
});

export default defineConfig({
  plugins: [sqlAsText],
  test: {
    globalSetup: ["test/support/build.ts"],
    pool: "forks",
    // How long to poll for what other processes or the event loop still have to do; not a wait.
    expect: { poll: { timeout: 20_000 } },
    // The SDK tells on every start that its versions of 2027 will need Node 22.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    // One more than the cores of CI: the longest files wait for Terraform, which waits for queues.
    maxWorkers: 3,
    projects: [
      project("unit", 10_000),
      project("integration", 60_000),
      project("terraform", 240_000),
      // One after the other: an engine that is killed gets its port back.
      project("e2e", 120_000, true),
    ],
  },
});
