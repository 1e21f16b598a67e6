import { expect, test } from '@jest/globals';
import { Presence } from './presence.ts';

test('a person is there while a socket is open, and absent since the last word', () => {
  let now = 1_000;
  const presence = new Presence(() => now);
  now = 5_000;
  expect(presence.absentMs('nobody yet')).toBe(4_000);
  const first = presence.arrive('a');
  const second = presence.arrive('a');
  now = 9_000;
  expect(presence.absentMs('a')).toBe(0);
  first();
  first();
  expect(presence.absentMs('a')).toBe(0);
  second();
  now = 10_000;
  expect(presence.absentMs('a')).toBe(1_000);
  presence.seen('a');
  expect(presence.absentMs('a')).toBe(0);
});
