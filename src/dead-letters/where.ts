import { search } from "@aws-lambda-powertools/jmespath";
import { Functions } from "@aws-lambda-powertools/jmespath/functions";
import { UsageError } from "../errors.ts";
import { fold } from "./fold.ts";
import { type Letter, viewOf } from "./letter.ts";

/** Fields that the errors of the JMESPath library carry, as far as each has them. */
interface JmespathError extends Error {
  /** Characters before the token at fault: of the lexer, and of the parser. */
  lexerPosition?: number;
  lexPosition?: number;
  actualType?: string;
}

/** Functions that edp adds to JMESPath's own; a method `funcName` is the function `name`. */
class LetterFunctions extends Functions {
  /** `folded(text)`: the text with its variable parts as `*`; null for what is no text. */
  funcFolded([text]: unknown[]): string | null {
    return typeof text === "string" ? fold(text) : null;
  }
}

const customFunctions = new LetterFunctions();

/**
 * Compiles a JMESPath expression over a dead letter (`LetterView`) to a predicate. False, null and what is empty
 * don't select, as in JMESPath's own filters; nor does a function whose argument is absent in that letter.
 * https://jmespath.org/specification.html
 * @throws UsageError with the position where the expression doesn't parse; from the predicate, when a function
 *   gets a value of a type that it doesn't take.
 */
export function compileWhere(expression: string): (letter: Letter) => boolean {
  const evaluate = (view: object): unknown =>
    search(expression, view as Parameters<typeof search>[1], { customFunctions });
  try {
    evaluate({});
  } catch (error) {
    // Without a letter only the absent arguments of functions are at fault, which is none.
    if ((error as Error).name !== "JMESPathTypeError")
      throw notAnExpression(expression, error as JmespathError);
  }
  return (letter) => {
    try {
      return isTrue(evaluate(viewOf(letter)));
    } catch (error) {
      const { name, actualType } = error as JmespathError;
      if (name === "JMESPathTypeError" && actualType === "null") return false;
      throw notAnExpression(expression, error as JmespathError, letter.messageId);
    }
  };
}

function isTrue(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

function notAnExpression(expression: string, error: JmespathError, messageId?: string): UsageError {
  const at = error.lexerPosition ?? error.lexPosition;
  const reason = error.message
    .replace(/ in expression: .*$/s, "")
    .replace(/^(Bad|Invalid) jmespath expression: /, "");
  const place =
    at === undefined
      ? ""
      : `\n  ${expression}\n  ${" ".repeat(at)}^ character ${at + 1} of ${expression.length}`;
  const letter = messageId === undefined ? "" : ` (message ${messageId})`;
  return new UsageError(`--where cannot be used as a JMESPath expression: ${reason}${letter}${place}`, {
    hint: "An example: --where \"cause.errorCode == 'SCHEMA_MISMATCH' && starts_with(source.key, 'raw/')\"",
    cause: error,
  });
}
