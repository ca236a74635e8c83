/** What each customer has ordered, by the customer's number: orders, and their amount in exact units. */
export class Totals {
  readonly #orders: Int32Array;
  /** Units while a number holds them exactly; what goes beyond is carried over. */
  readonly #units: Float64Array;
  readonly #carried = new Map<number, bigint>();

  constructor(customers: number) {
    this.#orders = new Int32Array(customers);
    this.#units = new Float64Array(customers);
  }

  addOrder(customer: number): void {
    (this.#orders[customer] as number)++;
  }

  /** Adds an amount that a number holds exactly. */
  add(customer: number, units: number): void {
    const sum = (this.#units[customer] as number) + units;
    if (sum <= Number.MAX_SAFE_INTEGER) this.#units[customer] = sum;
    else this.addExact(customer, BigInt(units));
  }

  addExact(customer: number, units: bigint): void {
    this.#carried.set(customer, (this.#carried.get(customer) ?? 0n) + units);
  }

  orders(customer: number): number {
    return this.#orders[customer] as number;
  }

  units(customer: number): bigint {
    return BigInt(this.#units[customer] as number) + (this.#carried.get(customer) ?? 0n);
  }
}
