import { Random } from "../random.ts";
import type { EventDraft } from "./event.ts";
import { Zipf } from "./zipf.ts";

/** Sessions that go on side by side. */
const SESSIONS = 50;
const LOGGED_IN = 0.7;
/** After a page, the visitor looks at another one. */
const GOES_ON = 0.75;
const ADDS_TO_CART = 0.28;
const MAX_QUANTITY = 4;
/** A visitor with something in the cart buys it. */
const BUYS = 0.4;

/** What a site sells and who visits it. */
export interface Catalogue {
  products: [Product, ...Product[]];
  userIds: number[];
}

interface Product {
  id: number;
  price: number;
}

export interface SiteOptions {
  seed: number;
  /** Time of the first event, milliseconds since the epoch. */
  startMs: number;
  /** Mean time between two events, milliseconds. */
  meanGapMs: number;
}

/**
 * The events of a shop's visitors, without end: sessions side by side, each of some `product_view`, now and then an
 * `add_to_cart`, and a `purchase` of what is in the cart at its end, or none. A few products get most of the views.
 * The same catalogue and options give the same events.
 */
export function* siteEvents(catalogue: Catalogue, options: SiteOptions): Generator<EventDraft> {
  const random = new Random(String(options.seed), "site");
  const popularity = new Zipf(catalogue.products.length);
  const order = shuffled(catalogue.products, random);
  const sessions: Session[] = [];
  let begun = 0;
  let now = options.startMs;
  for (;;) {
    const slot = random.between(0, SESSIONS - 1);
    const session = sessions[slot] ?? new Session(++begun, options.seed, catalogue.userIds, random);
    sessions[slot] = session;
    const event = session.next(random, () => order[popularity.pick(random)] ?? catalogue.products[0]);
    if (event === undefined) delete sessions[slot];
    else {
      now += -Math.log(1 - random.next()) * options.meanGapMs;
      yield { type: event.type, data: { ...event.data, at: new Date(now).toISOString() }, origin: null };
    }
  }
}

/** One visit. */
class Session {
  readonly #visit: { sessionId: string; userId: number | null };
  readonly #cart = new Map<Product, number>();
  #viewed: Product | undefined;
  #leaving = false;
  #left = false;

  constructor(
    private readonly number: number,
    seed: number,
    userIds: number[],
    random: Random,
  ) {
    const known = userIds.length > 0 && random.chance(LOGGED_IN);
    const userId = known ? (userIds[random.between(0, userIds.length - 1)] ?? null) : null;
    this.#visit = { sessionId: `${seed}-${number}`, userId };
  }

  /** The next event, or undefined at the visit's end. */
  next(random: Random, product: () => Product): { type: string; data: object } | undefined {
    if (this.#left) return undefined;
    if (this.#viewed && random.chance(ADDS_TO_CART)) return this.#add(this.#viewed, random);
    if (this.#leaving) {
      this.#left = true;
      return this.#cart.size > 0 && random.chance(BUYS) ? this.#purchase() : undefined;
    }
    this.#viewed = product();
    this.#leaving = !random.chance(GOES_ON);
    return { type: "product_view", data: { ...this.#visit, productId: this.#viewed.id } };
  }

  #add(product: Product, random: Random) {
    this.#viewed = undefined;
    const quantity = random.chance(0.8) ? 1 : random.between(2, MAX_QUANTITY);
    this.#cart.set(product, (this.#cart.get(product) ?? 0) + quantity);
    const data = {
      ...this.#visit,
      cartId: this.number,
      productId: product.id,
      quantity,
      price: product.price,
    };
    return { type: "add_to_cart", data };
  }

  #purchase() {
    const products = [...this.#cart].map(([{ id, price }, quantity]) => ({ productId: id, quantity, price }));
    // In cents: prices are decimal, their binary sums are not.
    const cents = products.reduce((sum, { price, quantity }) => sum + Math.round(price * 100) * quantity, 0);
    const data = { ...this.#visit, orderId: this.number, cartId: this.number, products, total: cents / 100 };
    return { type: "purchase", data };
  }
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const copy = [...list];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = random.between(0, last);
    [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
  }
  return copy;
}
