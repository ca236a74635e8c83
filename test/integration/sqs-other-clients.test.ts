import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Messaging, startMessaging } from "../support/messaging.ts";

const run = promisify(execFile);

function works(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

let engine: Messaging;
let environment: NodeJS.ProcessEnv;
beforeAll(async () => {
  engine = await startMessaging();
  environment = {
    ...process.env,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_ENDPOINT_URL: engine.endpoint,
  };
});
afterAll(() => engine.close());

const BOTO3 = `
import boto3, json

sqs, sns, events = (boto3.client(name) for name in ("sqs", "sns", "events"))
url = sqs.create_queue(QueueName="boto", Attributes={"VisibilityTimeout": "5"})["QueueUrl"]
arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
attributes = {"bytes": {"DataType": "Binary", "BinaryValue": b"\\x00\\xff"}, "n": {"DataType": "Number", "StringValue": "1"}}
sqs.send_message(QueueUrl=url, MessageBody="ä\\r\\n", MessageAttributes=attributes)
message = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], AttributeNames=["All"])["Messages"][0]
assert message["Body"] == "ä\\r\\n", message
assert message["MessageAttributes"]["bytes"]["BinaryValue"] == b"\\x00\\xff", message
sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
try:
    sqs.get_queue_url(QueueName="none")
    raise SystemExit("no queue was found")
except sqs.exceptions.QueueDoesNotExist as error:
    assert error.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue", error.response

topic = sns.create_topic(Name="boto")["TopicArn"]
sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
events.put_rule(Name="boto", EventPattern=json.dumps({"source": ["boto"]}))
events.put_targets(Rule="boto", Targets=[{"Id": "topic", "Arn": topic}])
assert events.put_events(Entries=[{"Source": "boto", "DetailType": "x", "Detail": "{}"}])["FailedEntryCount"] == 0
message = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)["Messages"][0]
print(json.loads(message["Body"])["source"])
`;

describe.skipIf(!works("python3", "-c", "import boto3"))("boto3 (skipped where python3 has none)", () => {
  it("works unchanged through EventBridge, SNS and SQS, and sees the old error codes", async () => {
    const { stdout } = await run("python3", ["-c", BOTO3], { env: environment });
    expect(stdout.trim()).toBe("boto");
  });
});

describe.skipIf(!works("aws", "--version"))("the AWS CLI (skipped where `aws` is not installed)", () => {
  const aws = async (...args: string[]) => {
    // Version 1 takes the endpoint of SQS from this flag only, not from AWS_ENDPOINT_URL.
    const { stdout } = await run("aws", ["--endpoint-url", engine.endpoint, ...args, "--output", "json"], {
      env: environment,
    });
    return stdout === "" ? {} : JSON.parse(stdout);
  };

  it("works unchanged through EventBridge, SNS and SQS", async () => {
    const { QueueUrl } = await aws("sqs", "create-queue", "--queue-name", "cli");
    const { TopicArn } = await aws("sns", "create-topic", "--name", "cli");
    const arn = "arn:aws:sqs:us-east-1:000000000000:cli";
    await aws(
      "sns",
      "subscribe",
      "--topic-arn",
      TopicArn,
      "--protocol",
      "sqs",
      "--notification-endpoint",
      arn,
    );
    await aws("events", "put-rule", "--name", "cli", "--event-pattern", '{"source":["cli"]}');
    await aws("events", "put-targets", "--rule", "cli", "--targets", `Id=topic,Arn=${TopicArn}`);
    await aws("events", "put-events", "--entries", '[{"Source":"cli","DetailType":"x","Detail":"{}"}]');
    const { Messages } = await aws("sqs", "receive-message", "--queue-url", QueueUrl);
    expect(JSON.parse(JSON.parse(Messages[0].Body).Message).source).toBe("cli");
  });
});
