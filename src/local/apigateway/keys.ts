import { createHash, randomInt, timingSafeEqual } from "node:crypto";
import path from "node:path";
import { DurableMap } from "../storage/durable-map.ts";
import { apiKeyId } from "./declaration.ts";

const KEY_CHARACTERS = 40;
const ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** An API key. Its value is never logged; the file that holds it can be read by its owner only. */
export interface ApiKey {
  id: string;
  /** Name of the API that it belongs to. */
  name: string;
  value: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

/** The API keys of the engine: one an API, made once, the same after a restart. */
export class ApiKeys {
  private constructor(private readonly keys: DurableMap<ApiKey>) {}

  static async open(directory: string): Promise<ApiKeys> {
    return new ApiKeys(await DurableMap.open<ApiKey>(path.join(directory, "keys.log")));
  }

  /** The API's key; it is made where there is none. */
  async ensure(name: string, nowMs: number): Promise<ApiKey> {
    const known = this.keys.get(name);
    if (known) return known;
    const key = { id: apiKeyId(name), name, value: randomValue(), createdAt: nowMs };
    await this.keys.set(name, key);
    return key;
  }

  all(): ApiKey[] {
    return this.keys.values();
  }

  remove(name: string): Promise<void> {
    return this.keys.delete(name);
  }

  close(): Promise<void> {
    return this.keys.close();
  }
}

/** Whether a value given by a caller is the key's; how long it takes tells nothing of how much of it is right. */
export function isValueOf(key: ApiKey, given: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(key.value), digest(given));
}

function randomValue(): string {
  return Array.from({ length: KEY_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}
