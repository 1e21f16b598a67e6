import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../harness/eventually.ts';
import { ALL_BYTES, deviation, NO_BYTES, reach, TOLERANCE, unlimited } from './effects.ts';
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

  test('a speed test whose connection breaks does not go on without anybody', async () => {
    const measuring = () => network.shell("ps | grep '[w]get -qO- http'");
    const answer = network.attempt('speedtest.run', { tool: 'wget', url: 'http://203.0.113.1/', seconds: 60 });
    await eventually('the measurement to begin', async () => (await measuring()) !== '');
    await network.cutTunnel();
    expect(await answer).toMatchObject({ problem: { code: 'connection_lost' } });
    // By itself it would go on for a minute.
    await eventually('nothing to be left of it', async () => (await measuring()) === '', 30_000);
    await network.connect();
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

describe('a feed that has nothing', () => {
  const FEEDS = '/etc/opkg/distfeeds.conf';
  /** Nobody listens there. */
  const DEAD = 'src/gz dead http://127.0.0.1:9/feed\n';
  const all = () => network.shell('opkg list-installed; ls -l /sbin /usr/sbin /etc/config; nft list tables');

  test('as it cannot be reached: that is said, and nothing changed', async () => {
    const before = await all();
    await network.shell(`rm -rf /var/opkg-lists; cp ${FEEDS} /tmp/feeds; cat > ${FEEDS}`, DEAD);
    expect(await network.attempt('packages.install', { names: ['tc-tiny'] })).toMatchObject({
      problem: {
        code: 'router_said',
        exitCode: 1,
        detail: expect.stringMatching(/is the router on the Internet\? Nothing was installed\. .* wget returned \d/su),
      },
    });
    expect(await all()).toBe(before);
    // Another feed than the one that has the package is not missed.
    await network.shell(`cat /tmp/feeds >> ${FEEDS}`);
    expect((await network.operate('packages.install', { names: ['tc-tiny'] })).outcome).toBe('confirmed');
    await network.operate('packages.remove', { names: ['tc-tiny'] });
    await network.shell(`mv /tmp/feeds ${FEEDS}`);
    expect(await all()).toBe(before);
  });

  test('as it does not know a package: it is named, and the ones that it knows are not installed either', async () => {
    const before = await all();
    expect(await network.attempt('packages.install', { names: ['tc-tiny', 'iperf3'] })).toMatchObject({
      problem: { code: 'unsupported', detail: expect.stringContaining('do not have iperf3;') },
    });
    expect(await all()).toBe(before);
  });
});

describe('without nftables, as 21.02 comes', () => {
  const WITHOUT_JSON = `#!/bin/ash
[ "$1" = -j ] && { echo "JSON support not compiled-in" >&2; exit 1; }
exec /usr/libexec/demo/bin/nft "$@"
`;
  const NEEDED = {
    problem: {
      code: 'needs_package',
      packages: ['nftables-json'],
      detail: expect.stringContaining('the package nftables-json'),
    },
  };
  const configuration = () => network.shell('cat /etc/config/*; ls -A /etc/netpilot 2>&1');

  beforeAll(async () => {
    await network.operate('reset.run', {});
    expect(await network.shell('opkg remove nftables-json > /dev/null; command -v nft')).toBe('');
  });

  test('everything is read, and the status says what is not there', async () => {
    expect((await network.operate('status.read', {})).abilities).toMatchObject({ nftables: false, nlbwmon: false });
    const { devices } = await network.operate('devices.scan', {});
    expect(devices.map(({ mac }) => mac)).toEqual(expect.arrayContaining([DESK.mac, PHONE.mac]));
    expect((await network.operate('wifi.read', {})).networks.length).toBeGreaterThan(0);
    expect(await network.operate('access.read', {})).toMatchObject({
      plan: { blocks: [] },
      effect: { engine: 'none' },
    });
    expect(await network.operate('usage.read', {})).toMatchObject({ source: 'none', installable: ['nlbwmon'] });
    expect((await network.operate('reset.preview', {})).items).toEqual([]);
  });

  test.each([
    ['no nft', null],
    ['an nft without JSON', WITHOUT_JSON],
  ])('with %s a block, a limit and counting say which package they need, and change nothing', async (_, program) => {
    if (program !== null) await network.shell('cat > /usr/sbin/nft && chmod 755 /usr/sbin/nft', program);
    const before = await configuration();
    const policy = { block: true, limit: null, windows: [] };
    const group = { id: 1, name: 'Kids', policy, members: [] };
    expect(await network.attempt('access.block', { mac: DESK.mac })).toMatchObject(NEEDED);
    expect(await network.attempt('access.mode', { mode: 'whitelist' })).toMatchObject(NEEDED);
    expect(await network.attempt('access.group', { group })).toMatchObject(NEEDED);
    expect(await network.attempt('usage.start', {})).toMatchObject({
      problem: { code: 'needs_package', packages: ['nlbwmon'], detail: expect.stringContaining('the package nlbwmon') },
    });
    expect(await configuration()).toBe(before);
    expect(await reach(network, 'desk')).toEqual(ALL_BYTES);
  });

  test('with the package that was asked for they work', async () => {
    const { packages } = await network.operate('packages.install', { names: ['nftables-json'] });
    expect(packages).toContainEqual({ name: 'nftables-json', version: '1.0.8-1' });
    expect((await network.operate('access.block', { mac: DESK.mac })).effect.loaded).toBe(true);
    expect(await reach(network, 'desk')).toEqual(NO_BYTES);
    await network.operate('access.unblock', { mac: DESK.mac });
    expect(await reach(network, 'desk')).toEqual(ALL_BYTES);
  });
});
