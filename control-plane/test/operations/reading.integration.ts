import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../harness/eventually.ts';
import { deviation, TOLERANCE, unlimited } from './effects.ts';
import { AWAY, DESK, joined, PHONE } from './household.ts';
import { OperationsNetwork } from './network.ts';

let network: OperationsNetwork;
/** A stock router: neither tc nor nlbwmon. */
beforeAll(async () => {
  network = await OperationsNetwork.start({ name: 'stock', devices: [DESK, PHONE, AWAY] });
  await joined(network, 'phone');
});
afterAll(() => network?.stop());

describe('reading', () => {
  test('a scan finds each device once, with its addresses and how it is attached, and who is really there', async () => {
    const { devices } = await eventually('the phone in both families', async () => {
      const scan = await network.operate('devices.scan', {});
      return (scan.devices.find(({ mac }) => mac === PHONE.mac)?.addresses.length ?? 0) > 1 && scan;
    });
    const at = (mac: string) => devices.filter((device) => device.mac === mac);
    expect(at(DESK.mac)).toMatchObject([
      { hostname: 'desk', online: true, attachment: { type: 'wired', port: 'lan1' }, router: false },
    ]);
    expect(at(PHONE.mac)).toMatchObject([
      { hostname: 'phone', online: true, attachment: { type: 'wifi', ssid: 'Demo', band: '5', signalDbm: -47 } },
    ]);
    expect(at(PHONE.mac)[0]?.addresses).toEqual(expect.arrayContaining(['192.168.1.112', '2001:db8:1::112']));
    expect(at(AWAY.mac)).toMatchObject([{ hostname: 'away', online: false, attachment: null }]);
  });

  test('names that a device makes up are text and nothing else', async () => {
    const names = ['$(reboot)', '`reboot`', `';reboot;'`, '"', '\u202Eevil', 'x'.repeat(255), '\\', '&&reboot', '-rf'];
    const lease = (name: string, index: number) =>
      `9999999999 00:16:3e:0f:00:0${index} 192.168.1.${200 + index} ${name} *\n`;
    await network.shell('cp /tmp/dhcp.leases /tmp/leases; cat >> /tmp/dhcp.leases', names.map(lease).join(''));
    await network.shell('printf "9999999999 00:16:3e:0f:00:0a 192.168.1.210 \\377\\000\\n cut" >> /tmp/dhcp.leases');
    const { devices } = await network.operate('devices.scan', {});
    const found = devices.filter(({ mac }) => mac.startsWith('00:16:3e:0f'));
    expect(found.length).toBeGreaterThanOrEqual(names.length);
    // No control or direction mark reaches a page.
    expect(found.map(({ hostname }) => hostname).join('')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    await network.shell(
      'for i in $(seq 100000); do echo "9999999999 00:16:3e:0f:00:0b 192.168.1.211 again *"; done >> /tmp/dhcp.leases',
    );
    const again = await network.attempt('devices.scan', {});
    if ('problem' in again) expect(again.problem.code).toBe('router_said');
    else expect(again.output.devices.filter(({ mac }) => mac === '00:16:3e:0f:00:0b')).toHaveLength(1);
    expect(await network.shell('mv /tmp/leases /tmp/dhcp.leases && ls /tmp/dhcp.leases')).toBe('/tmp/dhcp.leases');
  });

  test('the status is the router’s', async () => {
    const status = await network.operate('status.read', {});
    expect(status).toMatchObject({
      model: 'NetPilot Demo Router',
      release: expect.stringContaining('OpenWrt 23.05.5'),
      abilities: { nftables: true, trafficControl: false, nlbwmon: false, wifi: true, packageManager: 'opkg' },
    });
    expect(status.wan).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ up: true, addresses: expect.arrayContaining(['203.0.113.2']) }),
      ]),
    );
    expect(status.memory.totalBytes).toBeGreaterThan(status.memory.availableBytes);
  });

  test('usage grows by what a device moves', async () => {
    await network.operate('usage.start', {});
    const of = async () => {
      const { counters } = await network.operate('usage.read', {});
      return counters.find(({ mac }) => mac === DESK.mac)?.downBytes ?? 0;
    };
    const before = await of();
    await network.around.run('desk', 'nc 203.0.113.1 7001 < /dev/null | head -c 3000000 > /dev/null');
    await eventually('three megabytes in the counters', async () => (await of()) - before >= 3_000_000);
    expect((await of()) - before).toBeLessThan(12_000_000);
  });

  test('a speed test measures the line, and says how far it is', async () => {
    expect(await network.operate('speedtest.tools', {})).toMatchObject({
      installed: ['wget'],
      installable: expect.arrayContaining(['librespeed-cli']),
    });
    const stages: string[] = [];
    const input = { tool: 'wget', url: 'http://203.0.113.1/', seconds: 3 } as const;
    const answer = await network.attempt('speedtest.run', input, (stage) => stages.push(stage));
    expect(answer).toMatchObject({ output: { tool: 'wget', upMbps: null } });
    expect('output' in answer && answer.output.downMbps).toBeGreaterThan(1);
    expect(stages.length).toBeGreaterThan(0);
  });
});

describe('without tc', () => {
  const limited = { downMbps: 4, upMbps: 2 };

  test('a limit holds in both directions, and the packages that do it better can be installed', async () => {
    const full = { downMbps: null, upMbps: null };
    await network.operate('access.rates', { mode: 'whitelist', limited, full });
    await network.operate('access.list', { mode: 'whitelist', add: [PHONE.mac] });
    expect((await network.operate('access.mode', { mode: 'whitelist' })).effect.engine).toBe('policer');
    expect(await deviation(4, network, 'desk', 'down', 4)).toBeLessThan(TOLERANCE);
    expect(await deviation(4, network, 'desk', 'down', 6)).toBeLessThan(TOLERANCE);
    expect(await deviation(2, network, 'desk', 'up', 4)).toBeLessThan(TOLERANCE);
    await unlimited(4, network, 'phone');
    const { packages } = await network.operate('packages.install', { names: ['tc-tiny'] });
    expect(packages).toContainEqual({ name: 'tc-tiny', version: '6.3.0-1' });
    // Whatever shapes from now on, the rate is the same.
    expect(await deviation(4, network, 'desk', 'down', 4)).toBeLessThan(TOLERANCE);
    await network.operate('access.mode', { mode: null });
    await network.operate('packages.remove', { names: ['tc-tiny'] });
    expect(await network.shell('command -v tc')).toBe('');
  });
});
