import { describe, expect, it } from "vitest";
import { addressOf } from "../../../../src/local/s3/address.ts";
import { checkExpiry } from "../../../../src/local/s3/presigned.ts";
import { parseRange } from "../../../../src/local/s3/range.ts";
import { all, parseXml, text, textOf } from "../../../../src/local/s3/xml.ts";

const address = (path: string, host = "127.0.0.1:4566") => addressOf({ path, headers: { host } });

describe("the address of a request", () => {
  it.each([
    ["/", "127.0.0.1:4566", "", ""],
    ["/bucket", "localhost:4566", "bucket", ""],
    ["/bucket/", "127.0.0.1", "bucket", ""],
    ["/bucket/a//b%20c%2Bd+e", "127.0.0.1", "bucket", "a//b c+d+e"],
    ["/a/b", "bucket.localhost:4566", "bucket", "a/b"],
    ["/a/b", "my.bucket.s3.localhost", "my.bucket", "a/b"],
    ["/a/b", "bucket.s3.us-east-1.amazonaws.com", "bucket", "a/b"],
    ["/bucket/k", "s3.localhost:4566", "bucket", "k"],
    ["/bucket/k", "s3.us-east-1.localhost", "bucket", "k"],
  ])("%s at %s names the bucket %j and the key %j", (path, host, bucket, key) => {
    expect(address(path, host)).toEqual({ bucket, key });
  });

  it("is refused when it is not UTF-8", () => {
    expect(() => address("/bucket/%FF")).toThrow(expect.objectContaining({ code: "InvalidURI" }));
  });
});

describe("the XML of a request", () => {
  it("is read with entities, CDATA, comments, prefixes and white space kept", () => {
    const root = parseXml(
      '<?xml version="1.0"?>\n<!-- x --><s:Delete xmlns:s="http://s3"><s:Object><Key> a &amp; &#x1F3B5;&#13; </Key></s:Object><Object><Key><![CDATA[<b>]]></Key><VersionId/></Object></s:Delete>\n',
      "Delete",
    );
    expect(all(root, "Object").map((object) => textOf(object, "Key"))).toEqual([" a & 🎵\r ", "<b>"]);
    expect(textOf(all(root, "Object")[1] ?? root, "VersionId")).toBe("");
  });

  it.each([
    "",
    "text",
    "<A>",
    "<A></B>",
    "<A/><A/>",
    "</A>",
    "<A>&nope;</A>",
    "<A>a & b</A>",
    "<!DOCTYPE A><A/>",
    "<B/>",
  ])("%j is refused", (source) => {
    expect(() => parseXml(source, "A")).toThrow(expect.objectContaining({ code: "MalformedXML" }));
  });

  it("comes back the same when it was written by edp, control characters too", () => {
    const value = 'a<b>&"c\u0001\r\n\t';
    expect(parseXml(text("Key", value), "Key").text).toBe(value);
  });
});

describe("a range", () => {
  it("of an empty object cannot be satisfied", () => {
    expect(() => parseRange("bytes=0-", 0)).toThrow(
      expect.objectContaining({ code: "InvalidRange", status: 416 }),
    );
  });

  it("ends with the object", () => {
    expect(parseRange("bytes=5-", 10)).toEqual({ start: 5, end: 9 });
    expect(parseRange("bytes=-20", 10)).toEqual({ start: 0, end: 9 });
  });
});

describe("the time of a presigned URL", () => {
  const signed = (parameters: string) => ({ query: new URLSearchParams(parameters) });
  const at = Date.UTC(2026, 0, 1, 0, 1, 0);

  it.each([
    ["X-Amz-Signature=s&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60", 0, 1],
    [`AWSAccessKeyId=k&Signature=s&Expires=${at / 1000}`, 0, 1],
  ])("%s is over after its last moment", (parameters, within, after) => {
    expect(() => checkExpiry(signed(parameters), at + within)).not.toThrow();
    expect(() => checkExpiry(signed(parameters), at + after)).toThrow(
      expect.objectContaining({ code: "AccessDenied", status: 403 }),
    );
  });

  it.each(["0", "604801", "abc", ""])("of %j seconds is refused", (seconds) => {
    const url = signed(`X-Amz-Signature=s&X-Amz-Date=20260101T000000Z&X-Amz-Expires=${seconds}`);
    expect(() => checkExpiry(url, at)).toThrow(
      expect.objectContaining({ code: "AuthorizationQueryParametersError" }),
    );
  });

  it("does not matter where nothing is presigned", () => {
    expect(() => checkExpiry(signed("Expires=1"), at)).not.toThrow();
  });
});
