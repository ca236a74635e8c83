import { type AttributeValue, attribute, typeOf } from "./attribute-value.ts";
import { compareNumbers } from "./number.ts";

/** Whether two values are the same; the order of a set doesn't count. */
export function sameValue(a: AttributeValue, b: AttributeValue): boolean {
  if (typeOf(a) !== typeOf(b)) return false;
  if ("SS" in a && "SS" in b) return sameSet(a.SS, b.SS);
  if ("NS" in a && "NS" in b) return sameSet(a.NS, b.NS);
  if ("BS" in a && "BS" in b) return sameSet(a.BS, b.BS);
  if ("L" in a && "L" in b) {
    return (
      a.L.length === b.L.length && a.L.every((one, index) => sameValue(one, b.L[index] ?? { NULL: true }))
    );
  }
  if ("M" in a && "M" in b) {
    const names = Object.keys(a.M);
    return (
      names.length === Object.keys(b.M).length &&
      names.every((name) => {
        const [one, other] = [attribute(a.M, name), attribute(b.M, name)];
        return one !== undefined && other !== undefined && sameValue(one, other);
      })
    );
  }
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Order of two texts, numbers or binaries; undefined where their types differ or have no order. */
export function compareValues(a: AttributeValue, b: AttributeValue): number | undefined {
  if ("S" in a && "S" in b) return Buffer.compare(Buffer.from(a.S), Buffer.from(b.S));
  if ("N" in a && "N" in b) return compareNumbers(a.N, b.N);
  if ("B" in a && "B" in b) return Buffer.compare(Buffer.from(a.B, "base64"), Buffer.from(b.B, "base64"));
  return undefined;
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}
