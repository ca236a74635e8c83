import { describe, expect, it } from "vitest";
import { parseState } from "../../../src/terraform/state.ts";

const book = {
  buckets: { bronze: { name: "edp-prod-spotify-bronze-123456789012" } },
  topics: {},
  queues: {},
  functions: {},
  undelivered: { url: "https://sqs.eu-west-1.amazonaws.com/123456789012/edp-prod-spotify-undelivered" },
};
const outputs = {
  account_id: { value: "123456789012", type: "string" },
  region: { value: "eu-west-1", type: "string" },
  edp_version: { value: "0.1.0", type: "string" },
  pipelines: { value: { spotify: book }, type: ["object", {}] },
  console_links: { value: { dashboard: "https://console.aws.amazon.com/x" }, type: ["object", {}] },
};
const queue = (pipeline: string) => ({
  mode: "managed",
  type: "aws_sqs_queue",
  name: "this",
  instances: [{ schema_version: 0, attributes: { name: "q", tags_all: { pipeline } } }],
});
const state = (given: object) =>
  JSON.stringify({
    version: 4,
    terraform_version: "1.11.4",
    serial: 3,
    lineage: "l",
    outputs: {},
    resources: [],
    ...given,
  });

describe("a Terraform state", () => {
  it("gives the address books and the account", () => {
    expect(parseState(state({ outputs, resources: [queue("spotify")] }), "x")).toMatchObject({
      serial: 3,
      pipelines: ["spotify"],
      outputs: {
        accountId: "123456789012",
        region: "eu-west-1",
        edpVersion: "0.1.0",
        addresses: { spotify: book },
        consoleLinks: { dashboard: "https://console.aws.amazon.com/x" },
      },
    });
  });

  it("of a first deploy that stopped half-way still names its pipelines, so that no later deploy drops them", () => {
    expect(parseState(state({ resources: [queue("spotify"), queue("partner")] }), "x")).toMatchObject({
      outputs: null,
      pipelines: ["partner", "spotify"],
    });
  });

  it("that a destroy left empty counts as none", () => {
    expect(parseState(state({}), "x")).toBeUndefined();
    expect(parseState("", "x")).toBeUndefined();
  });

  it("leaves data sources out", () => {
    const data = { ...queue("spotify"), mode: "data" };
    expect(parseState(state({ resources: [data] }), "x")).toBeUndefined();
  });

  it.each([
    ["torn", '{"version": 4, "outputs": {', /is not JSON/],
    ["of another format", state({ version: 3 }), /can't be read/],
    ["encrypted", JSON.stringify({ encrypted_data: "...", meta: {} }), /can't be read/],
    [
      "with an address book that is none",
      state({ outputs: { ...outputs, pipelines: { value: { spotify: [] } } } }),
      /output pipelines/,
    ],
  ])("that is %s is refused, with its place", (_what, text, message) => {
    expect(() => parseState(text, "s3://b/k")).toThrow(message);
    expect(() => parseState(text, "s3://b/k")).toThrow(/s3:\/\/b\/k/);
  });
});
