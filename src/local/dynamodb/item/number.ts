import Big from "big.js";
import { validation } from "../errors.ts";

/** Significant digits of a number. */
const PRECISION = 38;
/** Largest and smallest exponent of ten: magnitudes from 1e-130 to 9.9...e125. */
const MAX_EXPONENT = 125;
const MIN_EXPONENT = -130;
/** Makes exponents positive, three digits each. */
const EXPONENT_OFFSET = 200;
/** The usual number, which needs no arithmetic to be in its normal form. */
const PLAIN = /^(?:0|-?[1-9]\d{0,36})$/;

/**
 * A number in the form in which DynamoDB answers it: no leading or trailing zeros, no exponent.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
 * @throws AwsError ValidationException for what is no number, more than 38 digits or outside the range
 */
export function canonicalNumber(text: string): string {
  return PLAIN.test(text) ? text : parse(text).toFixed();
}

/** Exact sum of two numbers in canonical form. @throws AwsError ValidationException */
export function add(a: string, b: string): string {
  return checked(new Big(a).plus(b)).toFixed();
}

/** Exact difference of two numbers in canonical form. @throws AwsError ValidationException */
export function subtract(a: string, b: string): string {
  return checked(new Big(a).minus(b)).toFixed();
}

/** Negative, zero or positive, as `a` is less than, equal to or greater than `b`. */
export function compareNumbers(a: string, b: string): number {
  return new Big(a).cmp(b);
}

/** Bytes a number takes: two digits a byte, one for the exponent, one more for a sign. */
export function numberBytes(text: string): number {
  const digits = text.replace(/^-?0*\.?0*|\.|-/g, "").replace(/0+$/, "").length;
  return Math.ceil(digits / 2) + 1 + (text.startsWith("-") ? 1 : 0);
}

/** A text that sorts, character by character, as the number does among numbers. */
export function orderedNumber(text: string): string {
  const { s, e, c } = new Big(text);
  if (c[0] === 0) return "5";
  const exponent = e + EXPONENT_OFFSET;
  if (s > 0) return `6${String(exponent).padStart(3, "0")}${c.join("")}`;
  // Turned round, and closed by what sorts behind every digit: of two that begin alike, the longer is less.
  const digits = c.map((digit) => 9 - digit).join("");
  return `4${String(999 - exponent).padStart(3, "0")}${digits}:`;
}

function parse(text: string): Big {
  try {
    return checked(new Big(text.replace(/^\+(?=[\d.])/, "")));
  } catch (error) {
    if ((error as Error).name === "AwsError") throw error;
    throw validation(`The parameter cannot be converted to a numeric value${text === "" ? "" : `: ${text}`}`);
  }
}

function checked(number: Big): Big {
  const { e, c } = number;
  if (c[0] === 0) return new Big(0);
  if (e > MAX_EXPONENT) {
    throw validation(
      "Number overflow. Attempting to store a number with magnitude larger than supported range",
    );
  }
  if (e < MIN_EXPONENT) {
    throw validation(
      "Number underflow. Attempting to store a number with magnitude smaller than supported range",
    );
  }
  if (c.length > PRECISION) {
    throw validation("Attempting to store more than 38 significant digits in a Number");
  }
  return number;
}
