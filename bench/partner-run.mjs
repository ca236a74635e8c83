// Measured process. Usage: run <bundle> <endpoint> <folder>: one invocation of `process` for the day in a folder;
// csv-parse <file>: csv-parse alone.
import { createReadStream } from "node:fs";
import { parse } from "csv-parse";

const [what, ...args] = process.argv.slice(2);
const started = performance.now();
if (what === "run") await run(...args);
else await read(...args);
const { user, system } = process.cpuUsage();
process.stdout.write(
  JSON.stringify({
    cpuSeconds: (user + system) / 1e6,
    seconds: (performance.now() - started) / 1000,
    peakMb: process.resourceUsage().maxRSS / 1024,
  }),
);
process.exit(0);

async function run(bundle, endpoint, folder) {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "bench",
    AWS_SECRET_ACCESS_KEY: "bench",
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    BUCKET_UPLOADS: "uploads",
    BUCKET_REPORTS: "reports",
    TABLE_CUSTOMERS: "customers",
    QUEUE_MESSAGES_URL: `${endpoint}/000000000000/messages`,
    DLQ_ARRIVED_URL: `${endpoint}/000000000000/arrived-dlq`,
  });
  const { handler } = await import(bundle);
  const object = { key: `${folder}items_20220131.csv`, size: 1, versionId: "any" };
  const body = JSON.stringify({
    Records: [
      {
        eventName: "ObjectCreated:Put",
        eventTime: "2022-01-31T00:00:00Z",
        s3: { bucket: { name: "uploads" }, object },
      },
    ],
  });
  // What the function logs is not for stdout.
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (text) => process.stderr.write(text);
  const record = { messageId: "bench", body, attributes: {}, messageAttributes: {} };
  const answer = await handler(
    { Records: [record] },
    { awsRequestId: "bench", functionName: "process", getRemainingTimeInMillis: () => 900_000 },
  );
  process.stdout.write = write;
  if (answer.batchItemFailures.length > 0) throw new Error("the day could not be finished");
}

async function read(file) {
  let records = 0;
  // The sample has stray quotes in some rows: csv-parse alone would end at the first.
  const parser = createReadStream(file).pipe(
    parse({ columns: false, skip_records_with_error: true, relax_column_count: true }),
  );
  for await (const _record of parser) records++;
  if (records === 0) throw new Error("csv-parse found no records");
}
