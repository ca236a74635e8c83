import { execFile, execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type S3Fixture, startS3 } from "../support/s3.ts";
import { temporaryDirectory } from "../support/services.ts";

const run = promisify(execFile);
const credentials = {
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_DEFAULT_REGION: "us-east-1",
};

function works(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
const hasBoto3 = works("python3", "-c", "import boto3");
const hasCli = works("aws", "--version");

let s3: S3Fixture;
let environment: NodeJS.ProcessEnv;
beforeAll(async () => {
  s3 = await startS3();
  environment = { ...process.env, ...credentials, AWS_ENDPOINT_URL: s3.endpoint };
});
afterAll(() => s3.stop());

const BOTO3 = `
import boto3, io, json, os, urllib.request
from botocore.exceptions import ClientError
from boto3.s3.transfer import TransferConfig

s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
s3.create_bucket(Bucket="boto")
s3.put_object(Bucket="boto", Key="a b/ä.json", Body=b'{"x":1}', Metadata={"run": "1"}, ContentType="application/json")
read = s3.get_object(Bucket="boto", Key="a b/ä.json", ChecksumMode="ENABLED")
assert read["Body"].read() == b'{"x":1}'
assert read["Metadata"] == {"run": "1"} and read["ContentType"] == "application/json"
for algorithm in ("CRC32", "SHA1", "SHA256"):
    s3.put_object(Bucket="boto", Key="sum-" + algorithm, Body=b"123456789", ChecksumAlgorithm=algorithm)
data = os.urandom(20 * 1024 * 1024)
s3.upload_fileobj(io.BytesIO(data), "boto", "big", Config=TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20))
back = io.BytesIO()
s3.download_fileobj("boto", "big", back)
assert back.getvalue() == data
try:
    s3.put_object(Bucket="boto", Key="big", Body=b"x", IfNoneMatch="*")
    raise SystemExit("the condition was not obeyed")
except ClientError as error:
    assert error.response["Error"]["Code"] == "PreconditionFailed"
for version in ("s3", "s3v4"):
    signer = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], config=boto3.session.Config(signature_version=version))
    url = signer.generate_presigned_url("get_object", Params={"Bucket": "boto", "Key": "a b/ä.json"})
    assert urllib.request.urlopen(url).read() == b'{"x":1}'
keys = [item["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="boto", PaginationConfig={"PageSize": 2}) for item in page["Contents"]]
deleted = s3.delete_objects(Bucket="boto", Delete={"Objects": [{"Key": key} for key in keys]})
assert len(deleted["Deleted"]) == len(keys)
s3.delete_bucket(Bucket="boto")
print(json.dumps(keys))
`;

describe.skipIf(!hasBoto3)("boto3 (skipped where python3 has no boto3)", () => {
  it("works unchanged: objects, checksums, multipart, conditions, presigned URLs, paging", async () => {
    const { stdout } = await run("python3", ["-c", BOTO3], { env: environment });
    expect(JSON.parse(stdout)).toEqual(["a b/ä.json", "big", "sum-CRC32", "sum-SHA1", "sum-SHA256"]);
  });
});

describe.skipIf(!hasCli)("the AWS CLI (skipped where `aws` is not installed)", () => {
  it("works unchanged: mb, cp of small, large and streamed files, ls, sync, rm, rb", async () => {
    const { path: directory, remove } = await temporaryDirectory();
    const aws = async (...args: string[]) =>
      (await run("aws", args, { env: environment, cwd: directory })).stdout;
    const large = Buffer.alloc(12 * 1024 * 1024, "0123456789");
    await writeFile(path.join(directory, "small.txt"), "hello");
    await writeFile(path.join(directory, "large.bin"), large);
    await aws("s3", "mb", "s3://cli-bucket");
    await aws("s3", "sync", ".", "s3://cli-bucket/files");
    expect(await aws("s3", "ls", "s3://cli-bucket/files/")).toMatch(/12582912 large\.bin\n.* 5 small\.txt/s);
    await aws("s3", "cp", "s3://cli-bucket/files/large.bin", "s3://cli-bucket/copy.bin");
    await aws("s3", "cp", "s3://cli-bucket/copy.bin", "back.bin");
    expect((await readFile(path.join(directory, "back.bin"))).equals(large)).toBe(true);
    const head = await aws(
      "s3api",
      "head-object",
      "--bucket",
      "cli-bucket",
      "--key",
      "files/small.txt",
      "--checksum-mode",
      "ENABLED",
    );
    expect(JSON.parse(head)).toMatchObject({ ContentLength: 5, ContentType: "text/plain" });
    await aws("s3", "rb", "s3://cli-bucket", "--force");
    expect(await aws("s3", "ls")).not.toContain("cli-bucket");
    await remove();
  });
});
