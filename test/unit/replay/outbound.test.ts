import { expect, it, vi } from "vitest";
import type { Clients } from "../../../src/aws/clients.ts";
import type { SqsBatches } from "../../../src/aws/sqs-batches.ts";
import { readLetter } from "../../../src/dead-letters/letter.ts";
import type { Ledger } from "../../../src/replay/ledger.ts";
import { Limiter } from "../../../src/replay/limiter.ts";
import { Outbound, type OutboundParts } from "../../../src/replay/outbound.ts";
import { Router } from "../../../src/replay/router.ts";
import { Accounts } from "../../../src/replay/tally.ts";
import { Pace } from "../../../src/replay/verify/pace.ts";

const QUEUE = {
  kind: "queue",
  url: "http://sqs/1/orders",
  arn: "arn:aws:sqs:::orders",
  fifo: false,
} as const;
const SOURCE = { arn: "arn:aws:sqs:::orders-dlq", name: "orders-dlq", sources: [] };
const LETTERS = ["a", "b", "c"].map((id) => readLetter({ MessageId: id, Body: id }));

/** An outbound that sends with these clients, and what it does in the end. */
function outbound(given: { batches?: Partial<SqsBatches>; clients?: Partial<Clients> }, to?: typeof QUEUE) {
  const ledger = { sending: vi.fn(), refused: vi.fn(), sent: vi.fn() };
  const accounts = new Accounts();
  const settled: string[] = [];
  const clients = given.clients as Clients;
  const parts: OutboundParts = {
    clients,
    batches: given.batches as SqsBatches,
    ledger: ledger as unknown as Ledger,
    earlier: { sent: new Set(), uncertain: new Set(), counts: new Map(), unfinished: [] },
    limiter: new Limiter(undefined, Date.now, async () => {}),
    pace: Pace.unlimited(),
    budget: { left: 100 },
    accounts,
    rules: { select: () => true, edit: undefined, trial: undefined, maxReplays: 3 },
    startedMs: 0,
    halt: new AbortController().signal,
    now: () => 0,
    onReplayed: () => {},
    onReturned: () => {},
  };
  const out = new Outbound(
    { name: "dlq", deadLetterQueue: "dlq" },
    new Router(clients, SOURCE, to),
    parts,
    async (ids) => {
      settled.push(...ids);
    },
  );
  const send = async (letters = LETTERS) => out.send(await out.prepare(letters));
  return { send, ledger, accounts, settled };
}

it("settles what one request of a batch has taken, although another one fails", async () => {
  const sns = {
    send: async ({ input: { Message } }: { input: { Message: string } }) => {
      if (Message !== "b") return { MessageId: `new-${Message}` };
      throw Object.assign(new Error("try later"), { name: "InternalError", $fault: "server" });
    },
  };
  const topic = "arn:aws:sns:eu-west-1:1:orders";
  const letters = LETTERS.map(({ messageId }) =>
    readLetter({
      MessageId: messageId,
      Body: messageId,
      MessageAttributes: {
        RULE_ARN: { DataType: "String", StringValue: "arn:aws:events:eu-west-1:1:rule/r" },
        TARGET_ARN: { DataType: "String", StringValue: topic },
      },
    }),
  );
  const events = { send: async () => ({ Targets: [] }) };
  const clients = { sns: async () => sns, events: async () => events } as unknown as Partial<Clients>;
  const { send, ledger, settled, accounts } = outbound({ clients });
  await expect(send(letters)).rejects.toThrow("try later");
  expect(settled).toEqual(["a", "c"]);
  expect(ledger.sent).toHaveBeenCalledOnce();
  // Of b nobody knows: it stays in the ledger as being sent.
  expect(ledger.refused).not.toHaveBeenCalled();
  expect(accounts.total).toMatchObject({ replayed: 2, failed: 0 });
});

it("settles what a batch has taken, although the entries that SQS had failed come to no answer when sent again", async () => {
  const send = vi
    .fn()
    .mockResolvedValueOnce({
      Successful: [{ Id: "0", MessageId: "new-a" }],
      Failed: [
        { Id: "1", SenderFault: false, Code: "InternalError" },
        { Id: "2", SenderFault: true, Code: "TooBig" },
      ],
    })
    .mockRejectedValueOnce(new Error("socket hang up"));
  const { settled, ledger, ...out } = outbound({ batches: { send } }, QUEUE);
  await expect(out.send()).rejects.toThrow("socket hang up");
  expect(settled).toEqual(["a"]);
  expect(ledger.refused.mock.calls).toEqual([[["c"]]]);
});

it("counts as refused what a queue that is gone did not take", async () => {
  const send = vi
    .fn()
    .mockRejectedValue(Object.assign(new Error("no such queue"), { name: "QueueDoesNotExist" }));
  const { accounts, ...out } = outbound({ batches: { send } }, QUEUE);
  await out.send();
  expect(accounts.failures).toMatchObject([{ code: "QueueDoesNotExist", count: 3 }]);
});
