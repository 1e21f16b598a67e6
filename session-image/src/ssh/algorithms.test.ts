import { expect, test } from '@jest/globals';
import { algorithmsFor } from './algorithms.ts';

const names = (set: 'modern' | 'legacy', pin: string | null = null) =>
  Object.values(algorithmsFor(set, pin) as Record<string, string[]>).flat();

test('modern offers nothing built on SHA-1 or CBC, and neither set what prefix truncation breaks', () => {
  expect(names('modern').filter((name) => /sha1|cbc|^ssh-rsa$|group1-|md5|3des/u.test(name))).toEqual([]);
  for (const set of ['modern', 'legacy'] as const)
    expect(names(set).filter((name) => /chacha20|dss/u.test(name))).toEqual([]);
  expect(names('legacy').filter((name) => /-etm@/u.test(name))).toEqual([]);
  expect(names('legacy')).toEqual(
    expect.arrayContaining(['ssh-rsa', 'diffie-hellman-group1-sha1', 'aes128-cbc', 'hmac-sha1']),
  );
});

test('the kind of the pinned key comes first, and no kind is lost', () => {
  const hostKeys = (pin: string | null) => algorithmsFor('modern', pin).serverHostKey as string[];
  expect(hostKeys('ecdsa-sha2-nistp384')[0]).toBe('ecdsa-sha2-nistp384');
  expect(hostKeys('ssh-rsa').slice(0, 2)).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
  expect([...hostKeys('ssh-rsa')].sort()).toEqual([...hostKeys(null)].sort());
});
