/** Items of one source in order, and the next ones fetched when these are used up. */
interface Lane<T> {
  pages: AsyncIterator<T[]>;
  items: T[];
  at: number;
  /** The page that is on its way while the one before is being taken. */
  next: Promise<IteratorResult<T[]>> | undefined;
}

/**
 * Merges sources that are each in the order of time: an item comes out as soon as no source can have an earlier
 * one, which is when each has shown its next. Holds two pages a source. An empty page is not the end.
 */
export async function* mergeByTime<T>(
  sources: readonly AsyncIterable<T[]>[],
  timeOf: (item: T) => number,
): AsyncGenerator<T> {
  const lanes = sources.map((source): Lane<T> => {
    const pages = source[Symbol.asyncIterator]();
    return { pages, items: [], at: 0, next: undefined };
  });
  try {
    await Promise.all(lanes.map(fill));
    let open = lanes.filter(hasItem);
    while (open.length > 0) {
      const lane = earliest(open, timeOf);
      const item = lane.items[lane.at];
      lane.at++;
      if (item !== undefined) yield item;
      if (lane.at < lane.items.length) continue;
      await fill(lane);
      if (!hasItem(lane)) open = open.filter((other) => other !== lane);
    }
  } finally {
    await Promise.all(lanes.map((lane) => lane.pages.return?.()));
  }
}

function hasItem<T>(lane: Lane<T>): boolean {
  return lane.at < lane.items.length;
}

/** Takes the lane's next page that holds anything, and sends for the one after it. */
async function fill<T>(lane: Lane<T>): Promise<void> {
  do {
    const page = await (lane.next ?? lane.pages.next());
    lane.next = undefined;
    lane.items = page.done ? [] : page.value;
    lane.at = 0;
    if (page.done) return;
    lane.next = lane.pages.next();
    // Its error is thrown where it is awaited.
    lane.next.catch(() => {});
  } while (lane.items.length === 0);
}

function earliest<T>(lanes: readonly Lane<T>[], timeOf: (item: T) => number): Lane<T> {
  let best: Lane<T> | undefined;
  let bestTime = Number.POSITIVE_INFINITY;
  for (const lane of lanes) {
    const item = lane.items[lane.at];
    const time = item === undefined ? Number.POSITIVE_INFINITY : timeOf(item);
    if (best && time >= bestTime) continue;
    best = lane;
    bestTime = time;
  }
  if (!best) throw new Error("there is nothing to merge");
  return best;
}
