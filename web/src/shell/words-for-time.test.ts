import { describe, expect, it } from '@jest/globals';
import { aboutSeconds, relative, remaining } from './words-for-time.ts';

describe('times in words', () => {
  it('say how long ago', () => {
    expect(relative(0, 20_000)).toBe('just now');
    expect(relative(0, 180_000)).toBe('3 minutes ago');
    expect(relative(0, 26 * 3_600_000)).toBe('yesterday');
    expect(relative(7_200_000, 0)).toBe('in 2 hours');
  });

  it('count down', () => {
    expect(remaining(245_000)).toBe('4:05');
    expect(remaining(3_605_000)).toBe('1:00:05');
    expect(remaining(1)).toBe('0:01');
    expect(remaining(-5)).toBe('0:00');
  });

  it('estimate without false precision', () => {
    expect(aboutSeconds(3)).toBe('about 5 seconds');
    expect(aboutSeconds(58)).toBe('about a minute');
    expect(aboutSeconds(130)).toBe('about 3 minutes');
  });
});
