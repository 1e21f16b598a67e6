import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { RouterStatus } from '@netpilot/control-plane/contract/operations/status.ts';
import { OperationFailure } from '../problem.ts';
import { fixture, HOSTILE, RELEASES, said } from './fixtures/fixture.ts';
import { STATUS_PARTS, statusOf } from './status.ts';

const PROC = {
  now: '1717995000',
  uptime: '91300.52 170000.10\n',
  load: '0.08 0.03 0.01 1/88 4242\n',
  processors: '4\n',
  memory: 'MemTotal:         122896 kB\nMemFree:           61000 kB\nMemAvailable:      80000 kB\n',
  counters: `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
  eth1: 5000000    4000    0    0    0     0          0         0  700000    3000    0    0    0     0       0          0
br-lan:  100 1 0 0 0 0 0 0 200 2 0 0 0 0 0 0
`,
  temperatures: '47250 cpu-thermal\n0 unused\n-274000 broken\n52000 mt7915_phy0\n',
};

describe.each(RELEASES)('the status of OpenWrt %s', (release) => {
  const status = statusOf(
    said({
      ...PROC,
      board: fixture(`${release}/board`),
      storage: fixture(`${release}/storage`),
      interfaces: fixture('interfaces'),
      abilities: 'nft\nopkg\nwifi\n',
    }),
  );

  test('says what it is and how it does', () => {
    expect(RouterStatus.parse(status)).toEqual(status);
    expect(status).toMatchObject({
      model: 'TP-Link Archer C7 v2',
      uptimeSeconds: 91_300.52,
      load: [0.08, 0.03, 0.01],
      processors: 4,
      memory: { totalBytes: 125_845_504, availableBytes: 81_920_000 },
      abilities: { nftables: true, trafficControl: false, nlbwmon: false, wifi: true, packageManager: 'opkg' },
    });
    expect(status.release).toContain(`OpenWrt ${release}`);
    expect(status.storage).toContainEqual({ mount: '/tmp', totalBytes: 62_922_752, freeBytes: 62_464_000 });
    expect(status.storage.map(({ mount }) => mount)).not.toContain('/dev');
  });

  test('knows its line, with bytes for a plot, and leaves out sensors that measure nothing', () => {
    expect(status.wan).toEqual([
      {
        name: 'wan',
        up: true,
        protocol: 'dhcp',
        device: 'eth1',
        uptimeSeconds: 91_290,
        addresses: ['203.0.113.20'],
        gateways: ['203.0.113.1'],
        dnsServers: ['203.0.113.53'],
        downBytes: 5_000_000,
        upBytes: 700_000,
      },
    ]);
    expect(status.temperatures).toEqual([
      { name: 'cpu-thermal', celsius: 47.25 },
      { name: 'mt7915_phy0', celsius: 52 },
    ]);
  });
});

test('a router without ubus tells its line and release by other means', () => {
  const status = statusOf(
    said({
      ...PROC,
      release: "DISTRIB_ID='OpenWrt'\nDISTRIB_DESCRIPTION='OpenWrt 21.02.5 r16688'\n",
      routes: 'default via 203.0.113.1 dev eth1 proto static src 203.0.113.20\n192.168.1.0/24 dev br-lan\n',
      addresses: '3: eth1    inet 203.0.113.20/24 brd 203.0.113.255 scope global eth1\n',
    }),
  );
  expect(status.release).toBe('OpenWrt 21.02.5 r16688');
  expect(status.wan).toMatchObject([{ device: 'eth1', gateways: ['203.0.113.1'], addresses: ['203.0.113.20'] }]);
});

test('whatever a router says is a status or a typed error', () => {
  const text = fc.oneof(
    fc.constantFrom(...Object.values(PROC), fixture('24.10/board'), fixture('24.10/storage'), ...HOSTILE),
    fc.string({ unit: 'binary' }),
    fc.json(),
  );
  const sections = fc.record(Object.fromEntries(Object.keys(STATUS_PARTS).map((part) => [part, text])));
  fc.assert(
    fc.property(sections, (texts) => {
      try {
        RouterStatus.parse(statusOf(said(texts)));
      } catch (error) {
        expect(error).toBeInstanceOf(OperationFailure);
      }
    }),
  );
});
