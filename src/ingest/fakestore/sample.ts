import { Random } from "../random.ts";
import type { EntityKind } from "./event.ts";

const PRODUCTS = 20;
const USERS = 10;
const CARTS = 7;

const CATEGORIES = ["electronics", "jewelery", "men's clothing", "women's clothing"] as const;
const MATERIALS = ["Cotton", "Leather", "Stål", "Кашемир", "Wool", "Silver", "Carbon", "竹"] as const;
const THINGS = [
  "Jacket",
  "Ring",
  "Backpack",
  'Monitor 27"',
  "T-Shirt",
  "SSD 1/2 TB",
  "Poncho",
  "Watch",
] as const;
const NAMES = ["ada", "béla", "chiara", "dmytro", "eun-ji", "fatou", "gösta", "hana"] as const;
const CITIES = ["Kilcoole", "Łódź", "Cullman", "San Antonio", "Ōsaka"] as const;

/** An entity in the shape of the Fake Store API: https://fakestoreapi.com/docs */
export type StoreEntity = Record<string, unknown>;

/**
 * Made-up products, carts and users, no network needed. The same seed gives the same ones. As in the real store, a
 * cart id may come twice with different users.
 */
export function sampleEntities(kind: EntityKind, seed: number): StoreEntity[] {
  const random = new Random(String(seed), kind);
  if (kind === "products") return Array.from({ length: PRODUCTS }, (_, index) => product(index + 1, random));
  if (kind === "users") return Array.from({ length: USERS }, (_, index) => user(index + 1, random));
  // The last one has the id of the one before.
  return Array.from({ length: CARTS }, (_, index) => cart(Math.min(index + 1, CARTS - 1), index + 1, random));
}

function product(id: number, random: Random): StoreEntity {
  const title = `${random.pick(MATERIALS)} ${random.pick(THINGS)} No. ${id}`;
  return {
    id,
    title,
    price: random.between(5_00, 999_99) / 100,
    description: `${title}: made up, and not for sale`,
    category: random.pick(CATEGORIES),
    image: `https://fakestoreapi.com/img/${id}.jpg`,
    rating: { rate: random.between(10, 50) / 10, count: random.between(1, 700) },
  };
}

function user(id: number, random: Random): StoreEntity {
  const [firstname, lastname] = [random.pick(NAMES), random.pick(NAMES)];
  return {
    id,
    email: `user${id}@example.com`,
    username: `${firstname}_${id}`,
    name: { firstname, lastname },
    phone: `1-555-010-${String(random.between(0, 9999)).padStart(4, "0")}`,
    address: {
      geolocation: { lat: String(random.between(-90, 90)), long: String(random.between(-180, 180)) },
      city: random.pick(CITIES),
      street: "Lovers Ln",
      number: random.between(1, 9999),
      zipcode: String(random.between(10_000, 99_999)),
    },
  };
}

function cart(id: number, userId: number, random: Random): StoreEntity {
  const day = String(random.between(1, 28)).padStart(2, "0");
  return {
    id,
    userId,
    date: `2026-0${random.between(1, 9)}-${day}T00:00:00.000Z`,
    products: Array.from({ length: random.between(1, 4) }, () => ({
      productId: random.between(1, PRODUCTS),
      quantity: random.between(1, 6),
    })),
  };
}
