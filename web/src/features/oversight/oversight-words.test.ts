import { expect, test } from '@jest/globals';
import { lengthOfTime } from './oversight-words.ts';

const [second, minute, hour] = [1_000, 60_000, 3_600_000];

test.each([
  [-5 * second, '0 s'],
  [59 * second, '59 s'],
  [60 * second, '1 min'],
  [59 * minute + 59 * second, '59 min'],
  [hour + 5 * minute, '1 h 05'],
  [23 * hour + 59 * minute, '23 h 59'],
  [51 * hour, '2 d 3 h'],
])('%d ms are %s', (milliseconds, words) => expect(lengthOfTime(milliseconds)).toBe(words));
