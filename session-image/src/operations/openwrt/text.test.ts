import { expect, test } from '@jest/globals';
import { said } from './fixtures/fixture.ts';
import { packageStateOf } from './packages.ts';
import { parseSizes } from './packages.ts';
import { statusOf } from './status.ts';
import { addressOf, countOf, instantOf, linesOf, macOf, nameOf, sumOf, uptimeOf } from './text.ts';

test('a hardware address is that of one device, in lower case', () => {
  expect(macOf('02:AA:bb:cc:dd:01')).toBe('02:aa:bb:cc:dd:01');
  for (const other of [
    '00:00:00:00:00:00',
    'ff:ff:ff:ff:ff:ff',
    '01:00:5e:00:00:01',
    '02:aa:bb:cc:dd',
    'router',
    undefined,
  ])
    expect(macOf(other)).toBeNull();
});

test('an address, a name, a number, an instant and an uptime are nothing else', () => {
  expect([addressOf('192.168.1.1'), addressOf('2001:DB8::1')]).toEqual(['192.168.1.1', '2001:db8::1']);
  for (const other of ['192.168.1.256', 'fe80::1%br-lan', '', '1.2.3.4/24']) expect(addressOf(other)).toBeNull();
  expect([nameOf('*'), nameOf(' \u202e'), nameOf(7), nameOf('a\nb')]).toEqual([null, null, null, 'a b']);
  for (const other of [-1, 0.5, Number.NaN, Infinity, '1e3', '-0', '9'.repeat(20), null])
    expect(countOf(other)).toBeNull();
  expect([instantOf(0), instantOf(1e15), instantOf(null)]).toEqual(['1970-01-01T00:00:00.000Z', null, null]);
  expect([uptimeOf('91300.52 1.0'), uptimeOf('-5'), uptimeOf('Infinity'), uptimeOf('')]).toEqual([
    91_300.52,
    null,
    null,
    null,
  ]);
  expect(sumOf(Number.MAX_SAFE_INTEGER, 5, null)).toBe(Number.MAX_SAFE_INTEGER);
});

test('an output made to be slow is read as soon as any other', () => {
  const long = 'a-1'.repeat(1_000_000);
  expect(linesOf(`${long}\nshort\r\n\n`)).toEqual(['short']);
  const state = packageStateOf(said({ manager: long, opkg: long, apk: long, storage: long }));
  expect(state.packages.every(({ version }) => version === null)).toBe(true);
  expect(parseSizes(long)).toBe(0);
  const slow = {
    uptime: '1.0',
    storage: '\n'.repeat(3_000_000),
    release: long,
    memory: long,
    load: long,
    routes: long,
  };
  expect(statusOf(said(slow))).toMatchObject({ storage: [], wan: [] });
});
