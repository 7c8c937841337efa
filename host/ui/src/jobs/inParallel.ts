/** What became of one of many. */
export interface Outcome<T> {
  item: T;
  /** What was thrown; nothing where it went well. */
  trouble?: unknown;
}

/** Does the work for every item, some at a time, and tells of each how it went, in the order of the items. */
export async function inParallel<T>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<unknown>,
  told?: (done: number) => void,
): Promise<Outcome<T>[]> {
  const outcomes: Outcome<T>[] = items.map((item) => ({ item }));
  let next = 0;
  let done = 0;
  const worker = async () => {
    for (;;) {
      const outcome = outcomes[next];
      next += 1;
      if (!outcome) return;
      try {
        await work(outcome.item);
      } catch (thrown) {
        outcome.trouble = thrown;
      }
      done += 1;
      told?.(done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return outcomes;
}
