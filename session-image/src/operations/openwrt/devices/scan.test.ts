import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ScanResult } from '@netpilot/control-plane/contract/operations/devices.ts';
import { fixture, HOSTILE, RELEASES, said } from '../fixtures/fixture.ts';
import { parseAssociations } from './associations.ts';
import { parseBridges } from './bridge.ts';
import { parseLeases } from './leases.ts';
import { parseArp, parseNeighbours } from './neighbours.ts';
import { mergeScan, SCAN_PARTS } from './scan.ts';

const NOW = '1717995000\n';

describe.each(RELEASES)('a scan of OpenWrt %s', (release) => {
  const result = mergeScan(
    said({
      now: NOW,
      leases: fixture(`${release}/leases`),
      neighbours: fixture(`${release}/neighbours`),
      associations: fixture(`${release}/associations`),
      wireless: fixture(`${release}/wireless`),
      bridges: fixture('bridges'),
      interfaces: fixture('interfaces'),
      own: '02:aa:bb:cc:dd:ff\n00:00:00:00:00:00\n',
    }),
  );
  const device = (end: string) => result.devices.find(({ mac }) => mac === `02:aa:bb:cc:dd:${end}`);

  test('merges by hardware address and fits the contract', () => {
    expect(ScanResult.parse(result)).toEqual(result);
    expect(new Set(result.devices.map(({ mac }) => mac)).size).toBe(result.devices.length);
    expect(device('01')).toMatchObject({
      hostname: 'laptop',
      online: true,
      attachment: { type: 'wired', port: 'lan1' },
      leaseExpires: '2024-06-10T06:13:20.000Z',
    });
    expect(device('01')?.addresses[0]).toBe('192.168.1.101');
    expect(device('01')?.addresses.some((address) => address.includes(':'))).toBe(true);
  });

  test('counts an association as presence, and neither a lease nor a stale entry', () => {
    expect(device('02')).toMatchObject({ online: true, hostname: null, attachment: { type: 'wifi' } });
    expect(device('07')).toMatchObject({ online: false, attachment: null, hostname: 'nas', leaseExpires: null });
    // Associated but not authorised; last heard of five minutes ago; an ended lease gives a name only.
    expect(device('09')?.online ?? false).toBe(false);
    expect(device('0a')).toBeUndefined();
    expect(device('08')).toMatchObject({ addresses: [], online: false, hostname: 'gone-phone' });
  });

  test('knows nobody outside, and itself only as the router', () => {
    expect(result.devices.some(({ mac }) => mac === '02:11:22:33:44:55')).toBe(false);
    expect(result.devices.filter(({ router }) => router)).toEqual([]);
  });
});

test('the band, network and signal of Wi-Fi are the router’s own words', () => {
  const scan = (release: string) =>
    mergeScan(
      said({
        associations: fixture(`${release}/associations`),
        wireless: fixture(`${release}/wireless`),
      }),
    ).devices[0]?.attachment;
  const wifi = { type: 'wifi', ssid: 'Home' };
  expect(scan('21.02')).toEqual({ ...wifi, interface: 'wlan0', band: '2.4', signalDbm: null });
  expect(scan('22.03')).toEqual({ ...wifi, interface: 'wlan0', band: '2.4', signalDbm: -61 });
  expect(scan('24.10')).toEqual({ ...wifi, interface: 'phy1-ap0', band: '5', signalDbm: -48 });
});

test('static names win, the key of the Wi-Fi never gets out', () => {
  const result = mergeScan(
    said({
      leases: fixture('24.10/leases'),
      wireless: fixture('24.10/wireless'),
      names: "config host\n\toption name 'desk'\n\toption mac '02:AA:BB:CC:DD:01 02:aa:bb:cc:dd:0b'\n",
    }),
  );
  expect(result.devices.find(({ mac }) => mac.endsWith('01'))?.hostname).toBe('desk');
  expect(JSON.stringify(result)).not.toContain('a secret of this house');
});

test('the table of /proc/net/arp is read where there is no other', () => {
  const text = `IP address       HW type     Flags       HW address            Mask     Device
192.168.1.101    0x1         0x2         02:aa:bb:cc:dd:01     *        br-lan
192.168.1.144    0x1         0x0         00:00:00:00:00:00     *        br-lan
`;
  expect(parseArp(text)).toEqual([
    { address: '192.168.1.101', device: 'br-lan', mac: '02:aa:bb:cc:dd:01', fresh: false },
  ]);
});

test('a port beyond the 255th is found by both bytes of its number', () => {
  const text = 'bridge br-lan\nport 258 lan258\n02aabbccdd01 2 0 100 1\n';
  expect(parseBridges(text)).toEqual([
    { mac: '02:aa:bb:cc:dd:01', bridge: 'br-lan', port: 'lan258', local: false, age: 1 },
  ]);
});

describe('whatever a router says', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(...HOSTILE),
    fc.constantFrom(...`${fixture('24.10/leases')}${fixture('24.10/neighbours')}${fixture('bridges')}`.split('\n')),
  );
  const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n'));

  test('the result fits the contract', () => {
    const sections = fc.record(Object.fromEntries(Object.keys(SCAN_PARTS).map((name) => [name, text])));
    fc.assert(
      fc.property(sections, (texts) => {
        ScanResult.parse(mergeScan(said(texts)));
      }),
    );
  });

  test('a cut answer leaves out the cut line only', () => {
    const whole = fixture('24.10/neighbours');
    fc.assert(
      fc.property(fc.nat(whole.length), (at) => {
        const cut = parseNeighbours(whole.slice(0, at));
        expect(parseNeighbours(whole).slice(0, Math.max(0, cut.length - 1))).toEqual(cut.slice(0, -1));
      }),
    );
  });

  test('a hostile name stays a name', () => {
    for (const name of HOSTILE) {
      const [lease] = parseLeases(`1718000000 02:aa:bb:cc:dd:01 192.168.1.101 ${name.replaceAll(' ', '')} *\n`);
      // oxlint-disable-next-line no-control-regex -- finding control characters is what this is for
      expect(lease?.hostname ?? '').not.toMatch(/[\u0000-\u001f\u202a-\u202e]/u);
      expect((lease?.hostname ?? '').length).toBeLessThanOrEqual(255);
    }
  });

  test('100,000 lines are a bounded list, soon', () => {
    const hex = (index: number) => index.toString(16).padStart(6, '0').match(/../gu)?.join(':');
    const lines = Array.from(
      { length: 100_000 },
      (_, index) =>
        `10.${index >> 16}.${(index >> 8) & 255}.${index & 255} dev br-lan lladdr 02:00:00:${hex(index)} REACHABLE`,
    );
    const result = ScanResult.parse(mergeScan(said({ now: NOW, neighbours: lines.join('\n') })));
    expect(result).toMatchObject({ truncated: true });
    expect(result.devices).toHaveLength(4_096);
    expect(parseAssociations('\nobject hostapd.x\n'.repeat(100_000))).toEqual([]);
  });
});
