import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type OutgoingEvent, outgoingEvents } from "../../../../src/ingest/fakestore/event.ts";
import { fileSource } from "../../../../src/ingest/fakestore/file.ts";
import { collect } from "../../../support/entities.ts";
import { temporaryDirectory } from "../../../support/services.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

async function read(name: string, text: string, entityType?: string) {
  const file = path.join(directory.path, name);
  await writeFile(file, text);
  const faults: string[] = [];
  const events: OutgoingEvent[] = await collect(
    outgoingEvents(await fileSource(file, entityType), "run", (fault) =>
      faults.push(`${path.basename(fault.file)} ${fault.reason}`),
    ),
  );
  return { events: events.map(({ json }) => json), faults };
}

it("reads NDJSON, and names the line of what is wrong", async () => {
  const lines = [
    '\ufeff{"type":"user","eventId":"u-1","data":{"name":"Ōe"}}',
    "",
    '{"type":"user" "data":1}',
    '{"data":{}}',
    "null",
    '{"type":"cart","data":{"id":12345678901234567890}}\r',
    '{"type":"cart","eventId":7,"data":{}}',
    '{"type":"cart","eventId":"u-1","data":{}}',
  ];
  const { events, faults } = await read("events.ndjson", lines.join("\n"));
  expect(events).toEqual([
    '{"type":"user","eventId":"u-1","data":{"name":"Ōe"}}',
    '{"data":{"id":12345678901234567890},"eventId":"run-0000001","type":"cart"}',
  ]);
  expect(faults).toEqual([
    'events.ndjson:3 is not JSON at line 3 column 16: unexpected "\\""',
    "events.ndjson:4 has no type: an event is {type, eventId?, data}",
    "events.ndjson:5 is no object",
    "events.ndjson:7 has an eventId that is no string",
    'events.ndjson:8 its eventId "u-1" was used before',
  ]);
});

it("reads an array, and names the place in it", async () => {
  const { events, faults } = await read("events.json", '[{"type":"user","data":null}, 3]');
  expect(events).toEqual(['{"type":"user","eventId":"run-0000001","data":null}']);
  expect(faults).toEqual(["events.json[1] is no object"]);
});

it("makes events of recorded entities", async () => {
  const { events } = await read("carts.json", '[{"id":1,"userId":2},{"id":1,"userId":3}]', "cart");
  expect(events).toEqual([
    '{"type":"cart","eventId":"run-0000001","data":{"id":1,"userId":2}}',
    '{"type":"cart","eventId":"run-0000002","data":{"id":1,"userId":3}}',
  ]);
});

it("says of deep nesting that it cannot be sent", async () => {
  const depth = 200_000;
  const { events, faults } = await read(
    "deep.ndjson",
    `{"type":"user","data":${"[".repeat(depth)}${"]".repeat(depth)}}`,
  );
  expect(events).toEqual([]);
  expect(faults).toEqual(["deep.ndjson:1 is nested too deeply"]);
});

it.each(["not-there.json", "."])("refuses %s", async (name) => {
  await expect(fileSource(path.join(directory.path, name), undefined)).rejects.toMatchObject({ exitCode: 3 });
});
