import { expect, it } from 'vitest';
import { inParallel } from './inParallel';

it('does all, so many at a time, and tells of each how it went', async () => {
  let [now, most, told] = [0, 0, 0];
  const outcomes = await inParallel(
    [1, 2, 3, 4, 5, 6, 7],
    3,
    async (item) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resume) => setTimeout(resume, 5));
      now -= 1;
      if (item % 3 === 0) throw new Error(`not ${item}`);
    },
    (done) => {
      told = done;
    },
  );
  expect([most, told]).toEqual([3, 7]);
  expect(outcomes.map(({ item, trouble }) => [item, (trouble as Error)?.message])).toEqual([
    [1, undefined],
    [2, undefined],
    [3, 'not 3'],
    [4, undefined],
    [5, undefined],
    [6, 'not 6'],
    [7, undefined],
  ]);
});
