import { describe, expect, it } from "vitest";
import { InterruptedError } from "../../../src/errors.ts";
import { askQuestions, type Known, type Prompts } from "../../../src/init/questions.ts";
import { testContext } from "../../support/context.ts";

interface Question {
  message: string;
  default?: string;
  validate?: (answer: string) => string | true | Promise<string | true>;
  choices?: { value: string; checked?: boolean }[];
}

const known: Known = {
  pipelines: [{ name: "spotify", description: "Spotify" }],
  profiles: new Map([["work", { region: "eu-central-1" }]]),
  region: undefined,
};

/** Answers by the start of the question; what is not listed gets Enter. Records what was asked. */
function scripted(replies: Record<string, string>) {
  const asked: Question[] = [];
  const answer = async (question: Question): Promise<string | string[]> => {
    asked.push(question);
    const key = Object.keys(replies).find((start) => question.message.startsWith(start));
    const text = key === undefined ? (question.default ?? "") : (replies[key] ?? "");
    const verdict = (await question.validate?.(text)) ?? true;
    if (verdict !== true) throw new Error(`refused ${text}: ${verdict}`);
    return question.choices && question.default === undefined
      ? question.choices.filter(({ checked }) => checked).map(({ value }) => value)
      : text;
  };
  const prompts = { input: answer, select: answer, checkbox: answer } as unknown as Prompts;
  return { prompts, asked };
}

describe("the questions of edp init", () => {
  it("propose what the file says", async () => {
    const { prompts } = scripted({});
    const present = { project: "acme", profile: "work", region: "us-east-1", pipelines: ["spotify"] };
    const answers = await askQuestions(testContext("/x"), present, {}, known, prompts);
    expect(answers).toEqual({ ...present, backend: "local", alertEmail: null });
  });

  it("are not put where a flag has answered", async () => {
    const { prompts, asked } = scripted({});
    const flags = { project: "acme", profile: null, region: "us-east-1", pipelines: [], backend: "local" };
    await askQuestions(testContext("/x"), {}, flags, known, prompts);
    expect(asked.map(({ message }) => message)).toEqual(["E-mail address for alarms on AWS (- for none)"]);
  });

  it("propose the region of the chosen profile", async () => {
    const { prompts } = scripted({ "AWS profile": "work" });
    const answers = await askQuestions(testContext("/x"), {}, {}, known, prompts);
    expect(answers).toMatchObject({ profile: "work", region: "eu-central-1" });
  });

  it("take an optional setting out with -", async () => {
    const { prompts } = scripted({ "E-mail": "-", "AWS profile": "-", "AWS region": "-" });
    const present = { alertEmail: "a@example.com", profile: "work", region: "us-east-1" };
    const answers = await askQuestions(testContext("/x"), present, {}, known, prompts);
    expect(answers).toMatchObject({ alertEmail: null, profile: null, region: null });
  });

  it("need a region as soon as something goes to AWS", async () => {
    const { prompts } = scripted({ "AWS region": "-" });
    const ask = () =>
      askQuestions(testContext("/x"), {}, { env: "dev" }, { ...known, profiles: new Map() }, prompts);
    await expect(ask()).rejects.toThrow('refused -: "-" is not a region code');
  });

  it("take an unknown region only when it is confirmed", async () => {
    const { prompts, asked } = scripted({});
    await askQuestions(testContext("/x"), {}, {}, known, prompts);
    const region = asked.find(({ message }) => message.startsWith("AWS region"));
    expect(await region?.validate?.("eu-centrall-1")).toMatch(/not a region that edp knows.*eu-central-1/);
    expect(await region?.validate?.("eu-centrall-1")).toBe(true);
  });

  it.each(["acme_x", "averylongprojectname"])("refuse the project %s", async (project) => {
    const { prompts } = scripted({ Project: project });
    await expect(askQuestions(testContext("/x"), {}, {}, known, prompts)).rejects.toThrow(
      `refused ${project}`,
    );
  });

  it("end as interrupted at Ctrl-C", async () => {
    const cancelled = Object.assign(new Error("User force closed the prompt"), { name: "ExitPromptError" });
    const prompts = { input: async () => Promise.reject(cancelled) } as unknown as Prompts;
    await expect(askQuestions(testContext("/x"), {}, {}, known, prompts)).rejects.toThrow(InterruptedError);
  });
});
