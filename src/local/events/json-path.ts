import { AwsError } from "../service.ts";

const STEP = /\.([A-Za-z0-9_-]+)|\[(\d+)\]|\[\*\]|\['([^']+)'\]/y;

type Step = string | number | "*";

/**
 * Reads a JSON path as EventBridge takes it: `$`, then `.name`, `['name']`, `[0]` or `[*]`
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html).
 * @throws AwsError ValidationException
 */
export function compilePath(path: string): (value: unknown) => unknown {
  const steps: { step: Step; every: boolean }[] = [];
  let at = 1;
  while (at < path.length) {
    STEP.lastIndex = at;
    const match = STEP.exec(path);
    if (!match) break;
    const [text, name, index, quoted] = match;
    steps.push(
      text === "[*]" ? { step: "*", every: true } : { step: name ?? quoted ?? Number(index), every: false },
    );
    at = STEP.lastIndex;
  }
  if (!path.startsWith("$") || at < path.length) {
    throw new AwsError(
      "ValidationException",
      `${path} is not a JSON path: write $.name, $['name'], $.list[0]`,
    );
  }
  return (value) =>
    steps.reduce<unknown>((current, { step, every }) => {
      if (every) return Array.isArray(current) ? current : undefined;
      // After [*] a step applies to each element.
      return Array.isArray(current) && typeof step === "string"
        ? current.map((element) => child(element, step))
        : child(current, step);
    }, value);
}

function child(value: unknown, step: Step): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.hasOwn(value, step) ? (value as Record<Step, unknown>)[step] : undefined;
}
