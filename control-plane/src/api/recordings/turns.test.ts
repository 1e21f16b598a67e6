import { expect, test } from '@jest/globals';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { Turns } from './turns.ts';

test('no more than the limit run at once, the others in order, also behind one that fails', async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const results = Array.from({ length: 5 }, (_, index) =>
    turns.run(async () => {
      begun.push(index);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (index === 0) throw new Error('failed');
      return index;
    }),
  );
  results[0]?.catch(() => undefined);
  await turnOfTheLoop();
  expect(begun).toEqual([0, 1]);
  ends[0]?.();
  await turnOfTheLoop();
  expect(begun).toEqual([0, 1, 2]);
  for (let at = 1; at < 5; at += 1) {
    ends[at]?.();
    await turnOfTheLoop();
  }
  expect((await Promise.allSettled(results)).map(({ status }) => status)).toEqual([
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(await turns.run(async () => 'again')).toBe('again');
});
