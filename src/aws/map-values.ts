/** The record with each value made anew, all at once. */
export async function mapValues<T, U>(
  record: Record<string, T>,
  make: (value: T) => Promise<U>,
): Promise<Record<string, U>> {
  const entries = Object.entries(record).map(async ([key, value]) => [key, await make(value)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
