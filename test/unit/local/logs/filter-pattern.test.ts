import { describe, expect, it } from "vitest";
import { FilterPatternError } from "../../../../src/local/logs/filter-pattern/matcher.ts";
import { filterPattern } from "../../../../src/local/logs/filter-pattern.ts";

const matches = (pattern: string, message: string) => filterPattern(pattern)(message);

describe("a pattern of terms", () => {
  it.each([
    ["", "anything", true],
    ['" "', "two words", true],
    ["ERROR", "[ERROR 400] BAD REQUEST", true],
    ["ERROR", "[error 400] bad request", false],
    ["ERROR ARGUMENTS", "[ERROR] BAD ARGUMENTS", true],
    ["ERROR ARGUMENTS", "[ERROR] BAD REQUEST", false],
    ['"INTERNAL SERVER ERROR"', "500 INTERNAL SERVER ERROR", true],
    ['"INTERNAL SERVER ERROR"', "SERVER ERROR INTERNAL", false],
    ['"say \\"hi\\""', 'they say "hi" again', true],
    ["ERROR -ARGUMENTS", "[ERROR] BAD REQUEST", true],
    ["ERROR -ARGUMENTS", "[ERROR] BAD ARGUMENTS", false],
    ['-"BAD REQUEST"', "all is well", true],
    ["?ERROR ?WARN", "a WARN line", true],
    ["?ERROR ?WARN", "an INFO line", false],
    ["?WARN ERROR", "only ERROR here", true],
    ["%ERR[0-9]{2}%", "code ERR42", true],
    ["%ERR[0-9]{2}%", "code ERR4", false],
    ["-%ERR[0-9]%", "code ERR4", false],
  ])("%j on %j is %s", (pattern, message, expected) => {
    expect(matches(pattern, message)).toBe(expected);
  });
});

describe("a JSON pattern", () => {
  const event = JSON.stringify({
    level: "ERROR",
    x: 3.5,
    code: "404",
    flag: true,
    off: false,
    none: null,
    user: { id: 1, email: "john@example.com", "first name": "John" },
    users: [{ id: 7 }, { id: 8 }],
    ip: "123.123.10.1",
  });
  it.each([
    ['{ $.level = "ERROR" }', true],
    ['{ $.level = "error" }', false],
    ["{ $.level = ERR* }", true],
    ['{ $.level = "*RO*" }', true],
    ['{ $.level != "INFO" }', true],
    ['{ $.absent != "INFO" }', false],
    ["{ $.ip = 123.123.* }", true],
    ["{ $.ip != 123.123.* }", false],
    ["{ $.x > 3 }", true],
    ["{ $.x >= 3.5 && $.x < 4e0 }", true],
    ["{ $.x = 3.5 }", true],
    ["{ $.level > 3 }", false],
    ["{ $.code = 404 }", true],
    ["{ $.user.id = 1 }", true],
    ["{ $.users[1].id = 8 }", true],
    ["{ $.users[2].id NOT EXISTS }", true],
    ["{ $.users[*].id = 7 }", true],
    ["{ $.user['first name'] = John }", true],
    ["{ $.none IS NULL }", true],
    ["{ $.level IS NULL }", false],
    ["{ $.absent IS NULL }", false],
    ["{ $.absent NOT EXISTS }", true],
    ["{ $.none NOT EXISTS }", false],
    ["{ $.flag IS TRUE }", true],
    ["{ $.off IS TRUE }", false],
    ["{ $.off IS FALSE }", true],
    ["{ $.level = %^ERR% }", true],
    ["{ $.level != %^ERR% }", false],
    ['{ $.level = "INFO" || $.x > 3 && $.user.id = 1 }', true],
    ['{ ($.level = "INFO" || $.x > 3) && $.user.id = 2 }', false],
    ["{ ($.user.id = 1) && ($.users[0].id = 7) }", true],
    ["{ $.level = * }", true],
    ["{ $.absent = * }", false],
  ])("%s is %s", (pattern, expected) => {
    expect(matches(pattern, event)).toBe(expected);
  });

  it("matches no message that is not JSON as a whole", () => {
    expect(matches("{ $.absent NOT EXISTS }", "START RequestId: 1")).toBe(false);
    expect(matches("{ $.absent NOT EXISTS }", "{ half")).toBe(false);
  });
});

describe("a space-delimited pattern", () => {
  const line = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534';
  it.each([
    ["[ip, id, user, timestamp, request, status_code, bytes]", true],
    ["[ip, id, user, timestamp, request, status_code]", false],
    ["[ip, id, user, timestamp, request =*.html*, status_code = 4*, bytes]", true],
    ["[ip, id, user, timestamp, request, status_code = 404, bytes > 1000]", true],
    ["[ip, id, user, timestamp, request, status_code, bytes > 2000]", false],
    ["[ip, ..., status_code = 4*, bytes]", true],
    ["[..., status_code = 5*, bytes]", false],
    ["[ip = %127\\.0\\.0\\.[0-9]%, ...]", true],
    ["[ip != 127*, ...]", false],
    ["[..., status_code = 404 || status_code = 410, bytes]", true],
    ["[..., status_code = 400 || status_code = 410, bytes]", false],
    ['[ip, id, user = "frank", ...]', true],
  ])("%s is %s", (pattern, expected) => {
    expect(matches(pattern, line)).toBe(expected);
  });
});

describe("an invalid pattern is refused:", () => {
  it.each([
    ['"open', /unclosed/],
    ["task-id", /Invalid character/],
    ["%(a|b)%", /support/],
    ["{ $.x }", /expected =/],
    ["{ $.x > abc }", /needs a number/],
    ["{ x = 1 }", /selector/],
    ["{ $.x = 1", /expected }/],
    ["{ $.x = 1 } more", /nothing behind/],
    ["{ $.a = %a% && $.b = %b% && $.c = %c% }", /more than 2/],
    ["[a, b", /expected ]/],
    ["[a, ..., b, ...]", /ellipsis/],
    ["x".repeat(1025), /longer than/],
  ])("%s", (pattern, problem) => {
    expect(() => filterPattern(pattern)).toThrow(FilterPatternError);
    expect(() => filterPattern(pattern)).toThrow(problem);
  });
});
