import type { SQSClient } from "@aws-sdk/client-sqs";
import { expect, it } from "vitest";
import { moveMessages } from "../../../src/replay/move-task.ts";

it("a move that is cancelled is waited for calmly, and says how much was moved", async () => {
  const abort = new AbortController();
  const asked: string[] = [];
  const waited: (AbortSignal | undefined)[] = [];
  let looks = 0;
  const answers: Record<string, () => object> = {
    GetQueueAttributesCommand: () => ({ Attributes: { QueueArn: "arn:aws:sqs:::dlq" } }),
    StartMessageMoveTaskCommand: () => ({ TaskHandle: "handle" }),
    CancelMessageMoveTaskCommand: () => ({}),
    ListMessageMoveTasksCommand: () => {
      const Status = ["RUNNING", "RUNNING", "CANCELLING", "CANCELLED"][looks++];
      return { Results: [{ Status, ApproximateNumberOfMessagesMoved: 7 }] };
    },
  };
  const send = async (command: object) => {
    asked.push(command.constructor.name);
    return answers[command.constructor.name]?.();
  };
  const options = {
    pause: async (_ms: number, signal?: AbortSignal) => {
      waited.push(signal);
      abort.abort();
      signal?.throwIfAborted();
    },
    signal: abort.signal,
    onProgress: () => {},
  };
  const moving = moveMessages({ send } as unknown as SQSClient, { dlqUrl: "dlq" }, options);
  await expect(moving).rejects.toMatchObject({
    exitCode: 130,
    message: expect.stringContaining("7 messages were moved") as string,
  });
  expect(asked.filter((name) => name === "CancelMessageMoveTaskCommand")).toHaveLength(1);
  // The signal would end every wait at once.
  expect(waited).toEqual([abort.signal, undefined, undefined]);
});
