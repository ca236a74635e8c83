/** Digits after the point that amounts are counted with: an amount of 1 has 10^8 units. */
export const SCALE = 8;
/** Digits before the point. With 10^8 items of that size a sum has 36 digits; DynamoDB keeps 38. */
export const MOST_DIGITS = 20;

const ONE = 10n ** BigInt(SCALE);
const PATTERN = new RegExp(`^\\d{1,${MOST_DIGITS}}(?:\\.\\d{1,${SCALE}})?$`);

/** Exact units of a decimal amount such as `12.50`; a description of the fault otherwise. */
export function parseAmount(text: string): bigint | string {
  if (PATTERN.test(text)) {
    const [whole = "", fraction = ""] = text.split(".");
    return BigInt(whole) * ONE + BigInt(fraction.padEnd(SCALE, "0"));
  }
  if (/^-\d+(\.\d+)?$/.test(text)) return "the amount is negative";
  if (!/^\d+(\.\d+)?$/.test(text)) return "the amount is no decimal number such as 12.50";
  return `the amount has more than ${MOST_DIGITS} digits before or ${SCALE} after the point`;
}

/** An amount as a JSON number, exact and without trailing zeros: `87.5`, `40`, `12345678901234567.01`. */
export function printAmount(units: bigint): string {
  const whole = units / ONE;
  const fraction = String(units % ONE)
    .padStart(SCALE, "0")
    .replace(/0+$/, "");
  return fraction === "" ? String(whole) : `${whole}.${fraction}`;
}

const POINT = 0x2e;
const ZERO = 0x30;
/** Integers of so many digits are exact as a number. */
const EXACT_DIGITS = 15;
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power);

/** Units of an amount where a number holds them exactly; -1 for one that {@link parseAmount} has to look at. */
export function quickAmount(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  let point = -1;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (digit === POINT - ZERO && point === -1) point = at;
    else return -1;
  }
  const fraction = point === -1 ? 0 : end - point - 1;
  const whole = (point === -1 ? end : point) - start;
  if (whole === 0 || (point !== -1 && fraction === 0) || fraction > SCALE || whole + SCALE > EXACT_DIGITS) {
    return -1;
  }
  return value * (POWERS[SCALE - fraction] as number);
}
