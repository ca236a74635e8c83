import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { Message, MessageAttributeValue } from "@aws-sdk/client-sqs";
import { type Letter, readLetter } from "../dead-letters/letter.ts";
import { InvalidInputError } from "../errors.ts";
import { readLines } from "../ingest/lines.ts";
import { check, EditError } from "./change.ts";

/** One line of an exported file: a whole message. */
interface ExportedMessage {
  messageId: string;
  /** URL of the dead-letter queue it was exported from. */
  queue: string;
  body: string;
  /** Bytes are base64. */
  attributes: Record<string, { dataType: string; stringValue?: string; binaryValue?: string }>;
  /** As SQS names them: SentTimestamp, MessageGroupId, AWSTraceHeader, DeadLetterQueueSourceArn ... */
  systemAttributes: Record<string, string>;
}

/** A message of an imported file. */
export interface Imported {
  letter: Letter;
  queue: string;
}

/** Faults of a file that are told at once. */
const TOLD_FAULTS = 10;

/** Writes whole messages as JSON lines, readable by their owner only. */
export class ExportFile {
  count = 0;

  private constructor(
    readonly file: string,
    private readonly handle: FileHandle,
  ) {}

  /** @throws InvalidInputError where the file exists or can't be written */
  static async create(file: string): Promise<ExportFile> {
    try {
      return new ExportFile(file, await open(file, "wx", 0o600));
    } catch (error) {
      const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
      throw new InvalidInputError(
        exists
          ? `--export: ${file} exists already.`
          : `--export: ${file} cannot be written: ${(error as Error).message}`,
        { hint: exists ? "Name another file, or move it away." : undefined, cause: error },
      );
    }
  }

  async add(letter: Letter, queue: string): Promise<void> {
    await this.handle.writeFile(`${JSON.stringify(exported(letter, queue))}\n`);
    this.count++;
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

function exported({ messageId, raw }: Letter, queue: string): ExportedMessage {
  const attributes: ExportedMessage["attributes"] = {};
  for (const [name, { DataType = "", StringValue, BinaryValue }] of Object.entries(
    raw.MessageAttributes ?? {},
  )) {
    attributes[name] = {
      dataType: DataType,
      ...(StringValue === undefined ? {} : { stringValue: StringValue }),
      ...(BinaryValue === undefined ? {} : { binaryValue: Buffer.from(BinaryValue).toString("base64") }),
    };
  }
  return { messageId, queue, body: raw.Body ?? "", attributes, systemAttributes: { ...raw.Attributes } };
}

/** What a check of a file has shown. */
export interface FileFacts {
  messages: number;
  /** Names the content, so that a killed import is known again. */
  sha256: string;
  /** Queues that the messages were exported from. */
  queues: string[];
}

/**
 * Reads a file from its first line to its last and checks every message, before anything is sent.
 * @throws InvalidInputError naming the lines at fault, ten at most
 */
export async function checkFile(file: string): Promise<FileFacts> {
  const hash = createHash("sha256");
  const queues = new Set<string>();
  const seen = new Map<string, number>();
  const faults: string[] = [];
  let number = 0;
  try {
    for await (const bytes of readLines(file)) {
      number++;
      hash.update(bytes).update("\n");
      if (bytes.length === 0) continue;
      try {
        const { letter, queue } = parseLine(bytes);
        const first = seen.get(letter.messageId);
        if (first !== undefined) throw new EditError(`it repeats the message of line ${first}`);
        seen.set(letter.messageId, number);
        queues.add(queue);
      } catch (error) {
        if (!(error instanceof EditError)) throw error;
        faults.push(`  line ${number}: ${error.message}`);
      }
    }
  } catch (error) {
    throw new InvalidInputError(`--import: ${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (faults.length > 0) {
    const more = faults.length > TOLD_FAULTS ? [`  and ${faults.length - TOLD_FAULTS} more`] : [];
    throw new InvalidInputError(
      `--import: ${file} has ${faults.length} broken line(s); nothing was sent:\n${[...faults.slice(0, TOLD_FAULTS), ...more].join("\n")}`,
      {
        hint: "Correct these lines, or take them out. A line is what --export writes: {messageId, queue, body, attributes, systemAttributes}.",
      },
    );
  }
  if (seen.size === 0) throw new InvalidInputError(`--import: ${file} holds no message.`);
  return { messages: seen.size, sha256: hash.digest("hex"), queues: [...queues] };
}

/** The messages of a file that was checked, streamed. */
export async function* readFileMessages(file: string): AsyncGenerator<Imported> {
  for await (const bytes of readLines(file)) if (bytes.length > 0) yield parseLine(bytes);
}

function parseLine(bytes: Buffer): Imported {
  let line: Partial<ExportedMessage>;
  try {
    line = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Partial<ExportedMessage>;
  } catch (error) {
    throw new EditError(
      error instanceof SyntaxError ? `it is not JSON: ${error.message}` : "it is not UTF-8",
    );
  }
  if (typeof line !== "object" || line === null) throw new EditError("it is no JSON object");
  const { messageId, queue = "", body, attributes = {}, systemAttributes = {} } = line;
  if (typeof messageId !== "string" || messageId === "") throw new EditError("messageId is no text");
  if (typeof queue !== "string") throw new EditError("queue is no text");
  if (typeof body !== "string") throw new EditError("body is no text");
  for (const [name, value] of Object.entries({ attributes, systemAttributes })) {
    if (typeof value !== "object" || value === null) throw new EditError(`${name} is no object`);
  }
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, attributeOf(name, value)]),
  );
  if (!Object.values(systemAttributes).every((value) => typeof value === "string")) {
    throw new EditError("systemAttributes holds something that is no text");
  }
  check(body, MessageAttributes);
  const raw: Message = { MessageId: messageId, Body: body, MessageAttributes, Attributes: systemAttributes };
  return { letter: readLetter(raw), queue };
}

function attributeOf(name: string, value: ExportedMessage["attributes"][string]): MessageAttributeValue {
  const { dataType, stringValue, binaryValue } = value ?? {};
  if (typeof dataType !== "string") throw new EditError(`attribute ${name} has no dataType`);
  if (typeof stringValue === "string") return { DataType: dataType, StringValue: stringValue };
  if (
    typeof binaryValue !== "string" ||
    Buffer.from(binaryValue, "base64").toString("base64") !== binaryValue
  ) {
    throw new EditError(`attribute ${name} has neither stringValue nor binaryValue in base64`);
  }
  return { DataType: dataType, BinaryValue: Buffer.from(binaryValue, "base64") };
}
