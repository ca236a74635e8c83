import { ACCEPT, bundle } from "./bundles.mjs";
import { median } from "./processes.mjs";

const EVENTS = 100;
const WARM_UP = 200;
const REPEATS = 500;

/** Warm handling of posted events without API Gateway and Kinesis: parsing, checks, records, answer. */
export async function accept(directory) {
  const module = await import(await bundle(directory, "accept", ACCEPT));
  const times = [];
  for (let run = 0; run < WARM_UP + REPEATS; run++) {
    const request = { headers: {}, body: JSON.stringify(events(run)), isBase64Encoded: false };
    const before = performance.now();
    const { statusCode } = await module.accept(request, invocation);
    if (run >= WARM_UP) times.push(performance.now() - before);
    if (statusCode !== 202) throw new Error(`accept answered ${statusCode}`);
  }
  return [{ name: `accept: ${EVENTS} events, warm`, value: median(times), unit: "ms", limit: 10 }];
}

/** Half of them have ids of their own; those of the others are made from their content. */
function events(run) {
  return Array.from({ length: EVENTS }, (_, index) => ({
    type: "add_to_cart",
    ...(index % 2 === 0 ? { eventId: `run-${run}-${index}` } : {}),
    data: {
      sessionId: `42-${index % 50}`,
      userId: (index % 10) + 1,
      productId: (index % 20) + 1,
      quantity: 2,
      price: 109.95,
      at: new Date(Date.UTC(2026, 0, 1) + run * 1000 + index).toISOString(),
    },
  }));
}

const invocation = {
  environment: { stream: "events", corsOrigins: [] },
  kinesis: {
    send: async ({ input }) => ({ Records: input.Records.map(() => ({ SequenceNumber: "1" })) }),
  },
  log: () => {},
  now: Date.now,
  remainingMs: () => 20_000,
  pause: async () => {},
  random: Math.random,
};
