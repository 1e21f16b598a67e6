import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isRegistered, vendorOf } from './vendors.ts';

const registry = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('oui-data'), 'utf8')) as Record<
  string,
  string
>;
const macOf = (digits: string) => (digits.padEnd(12, '0').match(/../gu) ?? []).join(':').toLowerCase();

describe('vendors', () => {
  test('the longest registered block wins', async () => {
    for (const length of [9, 7]) {
      const prefix = Object.keys(registry).find(
        (each) => each.length === length && registry[each.slice(0, 6)] !== undefined && isRegistered(macOf(each)),
      );
      expect(prefix).toBeDefined();
      const digits = prefix ?? '';
      const vendor = await vendorOf(macOf(digits));
      expect(vendor).toBe(registry[digits]?.split('\n')[0]?.slice(0, 60));
      expect(vendor).not.toBe(registry[digits.slice(0, 6)]?.split('\n')[0]);
    }
    expect(await vendorOf('00:00:00:12:34:56')).toBe('XEROX CORPORATION');
  });

  test('a randomised MAC, a group address and nonsense have no vendor', async () => {
    for (const mac of ['02:00:00:12:34:56', 'da:a1:19:00:00:01', '01:00:5e:00:00:01', 'router', '']) {
      expect([mac, await vendorOf(mac)]).toEqual([mac, null]);
    }
  });
});
