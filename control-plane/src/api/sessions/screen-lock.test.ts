import { describe, expect, test } from '@jest/globals';
import { ScreenLock } from './screen-lock.ts';

const desk = 'desk';
const phone = 'phone';

function lockedScreen(): { screen: ScreenLock; lockedAt: number } {
  const screen = new ScreenLock(null);
  screen.lock();
  return { screen, lockedAt: screen.lockedAt ?? 0 };
}

describe('a locked screen', () => {
  test('is hidden from every sign-in, also one that nobody has seen before', () => {
    const { screen } = lockedScreen();
    expect([screen.hides(desk), screen.hides(phone), screen.dark]).toEqual([true, true, true]);
  });

  test('opens for a sign-in that came after the lock, and for no other', () => {
    const { screen, lockedAt } = lockedScreen();
    expect(() => screen.show(desk, lockedAt)).toThrow(expect.objectContaining({ code: 'sign_in_again' }));
    expect(screen.hides(desk)).toBe(true);
    screen.show(phone, lockedAt + 1);
    expect([screen.hides(desk), screen.hides(phone), screen.dark]).toEqual([true, false, false]);
  });

  test('is locked again for all', () => {
    const { screen, lockedAt } = lockedScreen();
    screen.show(phone, lockedAt + 1);
    screen.lock();
    expect(screen.hides(phone)).toBe(true);
  });

  test('of before a restart is still locked, and opens again for who had unlocked it', () => {
    const screen = new ScreenLock(1_000);
    expect(screen.hides(phone)).toBe(true);
    screen.show(phone, 2_000);
    expect(screen.hides(phone)).toBe(false);
  });
});

test('a screen that was never locked hides nothing', () => {
  const screen = new ScreenLock(null);
  screen.show(desk, 0);
  expect([screen.hides(desk), screen.dark]).toEqual([false, false]);
});
