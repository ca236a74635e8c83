import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { Ajv } from "ajv";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  CONFIG_KEYS,
  CONFIG_SCHEMA_FILE,
  type ConfigKey,
  configFault,
  loadConfig,
  parseConfig,
  readConfig,
} from "../../src/config.ts";
import { createContext } from "../../src/context.ts";
import { EXIT, InvalidInputError } from "../../src/errors.ts";
import { PACKAGE_ROOT } from "../../src/package-root.ts";
import { temporaryDirectory } from "../support/services.ts";

describe("edp.config.json", () => {
  it("has defaults for what it doesn't say", () => {
    expect(parseConfig("{}", "edp.config.json")).toMatchObject({ project: "edp", env: "local" });
  });

  it("names every fault with its key and ends with exit code 3", () => {
    const parse = () =>
      parseConfig('{"project":"My Project","pipeline":[],"backend":"ftp://x"}', "edp.config.json");
    expect(parse).toThrow(InvalidInputError);
    expect(parse).toThrow(/3 fault\(s\)[\s\S]*project: "My Project"[\s\S]*backend:[\s\S]*pipeline/);
    try {
      parse();
    } catch (error) {
      expect((error as InvalidInputError).exitCode).toBe(EXIT.invalidInput);
    }
  });

  it("takes every origin or some, not both", () => {
    const parse = (origins: string[]) => parseConfig(JSON.stringify({ corsAllowedOrigins: origins }), "c");
    expect(parse(["*"]).corsAllowedOrigins).toEqual(["*"]);
    expect(() => parse(["*", "https://shop.example"])).toThrow(/corsAllowedOrigins.*stands alone/);
  });

  it("says where JSON is broken", () => {
    expect(() => parseConfig('{"project":', "edp.config.json")).toThrow(/edp\.config\.json is not JSON/);
  });

  it.each(["[]", "null", '"text"'])("refuses %s, which is no object", (text) => {
    expect(() => parseConfig(text, "edp.config.json")).toThrow(InvalidInputError);
  });
});

describe("a configuration file on disk", () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  beforeEach(async () => {
    directory = await temporaryDirectory();
  });
  afterEach(() => directory.remove());
  const write = (text: string) => writeFile(path.join(directory.path, "edp.config.json"), text);

  it("is optional", async () => {
    expect(await readConfig(directory.path)).toMatchObject({ exists: false, given: {}, fault: undefined });
  });

  it("hands over what is right of a file with a fault, and the fault", async () => {
    await write('{"project":"acme","region":"Frankfurt"}');
    const content = await readConfig(directory.path);
    expect(content).toMatchObject({ given: { project: "acme" }, config: { project: "acme", env: "local" } });
    expect(content.given.region).toBeUndefined();
    expect(content.fault?.message).toMatch(/region: "Frankfurt" is not a region code/);
    await expect(loadConfig(directory.path)).rejects.toThrow(InvalidInputError);
  });

  it("stops a command, unless the command is there to explain or repair it", async () => {
    await write("{");
    await expect(createContext({}, {}, directory.path)).rejects.toThrow(InvalidInputError);
    const context = await createContext({}, {}, directory.path, true);
    await context.close();
    expect(context.config.project).toBe("edp");
  });
});

interface Property {
  default?: unknown;
  examples?: unknown[];
  description?: string;
}

describe("the JSON schema of the configuration", async () => {
  const schema = JSON.parse(await readFile(path.join(PACKAGE_ROOT, CONFIG_SCHEMA_FILE), "utf8")) as {
    additionalProperties: boolean;
    properties: Record<ConfigKey, Property>;
  };
  const ajv = new Ajv();
  const accepts = (property: Property, value: unknown) => ajv.validate(property, value);

  it("knows the same keys and no others", () => {
    expect(Object.keys(schema.properties)).toEqual(CONFIG_KEYS);
    expect(schema.additionalProperties).toBe(false);
  });

  it("describes every key, has the same defaults, and its examples are right", () => {
    const defaults = parseConfig("{}", "edp.config.json");
    for (const [key, property] of Object.entries(schema.properties) as [ConfigKey, Property][]) {
      expect(property.description, key).toMatch(/\.$/);
      if (defaults[key] !== undefined) expect(property.default, key).toEqual(defaults[key]);
      for (const example of property.examples ?? []) expect(configFault(key, example), key).toBeUndefined();
    }
  });

  const values: Record<ConfigKey, unknown[]> = {
    $schema: ["./edp.config.schema.json", 1],
    project: ["edp", "a-1", "A", "1a", "", "a".repeat(21)],
    env: ["local", "dev-2", "Dev", "-dev"],
    profile: ["default", "Team A", "", 3],
    region: ["eu-central-1", "us-gov-west-1", "eusc-de-east-1", "Frankfurt", "eu-central", "eu-central-1a"],
    endpointUrl: [
      "http://127.0.0.1:4566",
      "https://emulator.example/",
      "https://emulator.example/aws",
      "127.0.0.1:4566",
      "ftp://x",
    ],
    pipelines: [["spotify"], [], ["Spotify"], "spotify"],
    alertEmail: ["data@example.com", "a.b+c@mail.example.co", "data", "a@b", "a b@example.com"],
    corsAllowedOrigins: [
      ["https://shop.example.com", "http://localhost:3000"],
      ["*"],
      ["shop.example.com"],
      ["https://shop.example.com/"],
    ],
    notifyEmails: [["data@example.com"], ["data"], "data@example.com"],
    uploadPrincipals: [
      { "partner/uploads": ["arn:aws:iam::123456789012:role/exports", "arn:aws:iam::123456789012:root"] },
      { uploads: [] },
      { "partner/uploads": ["*"] },
      { "partner/uploads": "arn:aws:iam::123456789012:root" },
    ],
    package: ["zip", "image", "jar"],
    deletionProtection: [true, false, "yes"],
    backend: ["local", "s3://acme-state", "s3://acme-state/edp/prod", "s3://", "s3://No_Bucket/x", "ftp://x"],
  };
  it.each(Object.entries(values))("agrees with edp on %s", (key, samples) => {
    const verdicts = samples.map((value) => accepts(schema.properties[key as ConfigKey], value));
    expect(verdicts).toEqual(samples.map((value) => configFault(key as ConfigKey, value) === undefined));
    expect(new Set(verdicts).size).toBe(2);
  });
});
