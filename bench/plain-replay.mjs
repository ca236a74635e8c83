// The reference of bench/replay.mjs, what people write today: receive 10, send batch, delete batch, until nothing comes.
import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";

const [from, to] = process.argv.slice(2);
const sqs = new SQSClient({ endpoint: new URL(from).origin });
for (;;) {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: from, MaxNumberOfMessages: 10, MessageAttributeNames: ["All"] }),
  );
  if (Messages.length === 0) break;
  await sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: to,
      Entries: Messages.map(({ Body, MessageAttributes }, index) => ({
        Id: String(index),
        MessageBody: Body,
        MessageAttributes,
      })),
    }),
  );
  await sqs.send(
    new DeleteMessageBatchCommand({
      QueueUrl: from,
      Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
    }),
  );
}
