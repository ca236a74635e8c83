import { execFileSync } from "node:child_process";

/** Runs this script under Node.js and parses the JSON it prints. */
export function measure(script, ...args) {
  const output = execFileSync(process.execPath, [script, ...args], { encoding: "utf8", maxBuffer: 1 << 20 });
  return JSON.parse(output);
}

/** Milliseconds that a whole Node.js process takes. */
export function wallMs(args, env = process.env) {
  const start = performance.now();
  execFileSync(process.execPath, args, { env, stdio: "ignore" });
  return performance.now() - start;
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** Runs the given functions in turn, `times` over, so that whatever else the machine does meets all alike. */
export function alternate(times, functions) {
  const results = functions.map(() => []);
  for (let time = 0; time < times; time++) {
    for (const [index, run] of functions.entries()) results[index].push(run());
  }
  return results;
}
