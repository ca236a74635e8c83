import { describe, expect, it } from "vitest";
import { EXIT } from "../../../src/errors.ts";
import { diagnose, readLock } from "../../../src/terraform/diagnose.ts";
import type { Diagnostic } from "../../../src/terraform/json-stream.ts";

const QUEUE = 'module.queue["spotify/landed"].aws_sqs_queue.this';
const error = (summary: string, detail = "", address: string | null = QUEUE): Diagnostic => ({
  severity: "error",
  summary,
  detail,
  address,
  file: null,
  line: null,
});
const find = (summary: string, detail = "") => diagnose("terraform apply", [error(summary, detail)]);

const LOCK = `Error message: resource temporarily unavailable
Lock Info:
  ID:        541f8374-ebb7-03de-9393-d2b23ad0aedb
  Path:      ../terraform.tfstate
  Operation: OperationTypeApply
  Who:       ana@laptop
  Version:   1.11.4
  Created:   2026-11-21 03:24:25.008043512 +0000 UTC
  Info:      

Terraform acquires a state lock to protect the state from being written`;

describe("what Terraform says becomes what the user can do", () => {
  it.each([
    [
      "CREDENTIALS_EXPIRED",
      EXIT.credentials,
      "validating provider credentials",
      "operation error STS: GetCallerIdentity, https response error StatusCode: 403, api error ExpiredToken: The security token included in the request is expired",
    ],
    [
      "CREDENTIALS_INVALID",
      EXIT.credentials,
      "validating provider credentials",
      "operation error STS: GetCallerIdentity, https response error StatusCode: 403, api error InvalidClientTokenId: The security token included in the request is invalid.",
    ],
    [
      "CREDENTIALS_MISSING",
      EXIT.credentials,
      "No valid credential sources found",
      "Please see the documentation. failed to refresh cached credentials, no EC2 IMDS role found",
    ],
    [
      "REGION_NOT_ENABLED",
      EXIT.terraform,
      "creating SQS Queue",
      "api error OptInRequired: The AWS Access Key Id needs a subscription for the service",
    ],
    ["NAME_TAKEN", EXIT.terraform, "creating S3 Bucket (edp-prod-x)", "BucketAlreadyExists"],
    [
      "NAME_TAKEN",
      EXIT.terraform,
      "creating SQS Queue (edp-prod-x)",
      "api error AWS.SimpleQueueService.QueueDeletedRecently: You must wait 60 seconds",
    ],
    [
      "QUOTA",
      EXIT.terraform,
      "creating S3 Bucket (edp-prod-x)",
      "api error TooManyBuckets: You have attempted to create more buckets than allowed",
    ],
    ["THROTTLED", EXIT.terraform, "reading IAM Role", "api error ThrottlingException: Rate exceeded"],
    [
      "PROVIDER_UNREACHABLE",
      EXIT.terraform,
      "Failed to query available provider packages",
      "Could not retrieve the list of available versions for provider hashicorp/aws: could not connect to registry.terraform.io: dial tcp: lookup registry.terraform.io: no such host",
    ],
    [
      "UNREACHABLE",
      EXIT.terraform,
      "reading SQS Queue",
      'Post "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused',
    ],
    [
      "UNREACHABLE",
      EXIT.terraform,
      "reading SQS Queue",
      "dial tcp: lookup sqs.eu-west-9.amazonaws.com: no such host",
    ],
    ["PLAN_STALE", EXIT.terraform, "Saved plan is stale", "The given plan file can no longer be applied"],
    [
      "BUCKET_NOT_EMPTY",
      EXIT.terraform,
      "deleting S3 Bucket (edp-prod-x)",
      "api error BucketNotEmpty: The bucket you tried to delete is not empty",
    ],
    [
      "DELETION_PROTECTED",
      EXIT.terraform,
      "deleting Amazon DynamoDB Table (edp-prod-partner-customers)",
      "ValidationException: Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
    ],
    [
      "INVALID_INPUT",
      EXIT.invalidInput,
      "Module output value precondition failed",
      "upload_principals has principals for shop/lake",
    ],
    [
      "INVALID_INPUT",
      EXIT.invalidInput,
      "Invalid value for variable",
      "log_retention_days must be one of the periods",
    ],
    ["TERRAFORM_FAILED", EXIT.terraform, "Something new", "never seen before"],
  ])("%s (exit %d): %s", (code, exitCode, summary, detail) => {
    expect(find(summary, detail)).toMatchObject({ code, exitCode });
    expect(find(summary, detail).message).toContain(`${QUEUE}: ${summary}`);
  });

  it("names the missing action and its resource", () => {
    const denied = find(
      "creating SQS Queue (edp-prod-spotify-landed)",
      "operation error SQS: CreateQueue, https response error StatusCode: 403, RequestID: 1, api error AccessDenied: User: arn:aws:iam::123456789012:user/ana is not authorized to perform: sqs:CreateQueue on resource: arn:aws:sqs:eu-west-1:123456789012:edp-prod-spotify-landed because no identity-based policy allows the sqs:CreateQueue action",
    );
    expect(denied).toMatchObject({ code: "ACCESS_DENIED", exitCode: EXIT.credentials });
    expect(denied.hint).toContain(
      "Allow sqs:CreateQueue on arn:aws:sqs:eu-west-1:123456789012:edp-prod-spotify-landed",
    );
  });

  it("says when a policy denies on purpose: allowing more would not help", () => {
    expect(
      find(
        "x",
        "is not authorized to perform: kms:CreateKey with an explicit deny in a service control policy",
      ).hint,
    ).toContain("denies it explicitly");
  });

  it("names the operation where AWS names no action", () => {
    expect(
      find(
        "creating S3 Bucket",
        "operation error S3: CreateBucket, https response error StatusCode: 403, AccessDenied",
      ).hint,
    ).toContain("S3:CreateBucket");
  });

  it("says who holds the state, since when and doing what", () => {
    const locked = diagnose("terraform plan", [error("Error acquiring the state lock", LOCK, null)]);
    expect(locked).toMatchObject({ code: "STATE_LOCKED", exitCode: EXIT.terraform });
    expect(locked.hint).toContain("ana@laptop holds it since 2026-11-21T03:24:25Z (apply)");
    expect(locked.hint).toContain("edp unlock");
    expect(readLock(LOCK).id).toBe("541f8374-ebb7-03de-9393-d2b23ad0aedb");
  });

  it("puts the cause before what it causes, whatever comes first, and lists the others", () => {
    const found = diagnose("terraform apply", [
      error("Something new"),
      error(
        "validating provider credentials",
        "ExpiredToken",
        'provider["registry.terraform.io/hashicorp/aws"]',
      ),
      error("Something new"),
    ]);
    expect(found.code).toBe("CREDENTIALS_EXPIRED");
    expect(found.message).toMatch(
      /^terraform apply failed: provider\["[^"]+"\]: validating provider credentials/,
    );
    expect(found.message).toContain("and 1 more:");
  });

  it("passes over warnings", () => {
    const warning: Diagnostic = { ...error("ExpiredToken soon"), severity: "warning" };
    expect(diagnose("terraform plan", [warning, error("Something new")]).code).toBe("TERRAFORM_FAILED");
  });

  it("shows the last lines of a Terraform that broke without a word, and what ended it", () => {
    expect(diagnose("terraform plan", [], ["panic: runtime error", ""]).message).toContain(
      "panic: runtime error",
    );
    expect(diagnose("terraform apply", [], [], "SIGKILL").message).toContain("was ended by SIGKILL");
  });
});
