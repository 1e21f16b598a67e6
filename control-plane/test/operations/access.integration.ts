import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DemoDevice } from '@netpilot/compose/demo-router/surroundings.ts';
import { WEEKDAYS, type Weekday } from '../../contract/operations/values.ts';
import { eventually } from '../harness/eventually.ts';
import { ALL_BYTES, deviation, NO_BYTES, OpenConnections, reach, TOLERANCE, unlimited } from './effects.ts';
import { OperationsNetwork } from './network.ts';

const WIFI = { ssid: 'Demo', key: 'demo-password', signal: -50 };
const CHILD = { name: 'child', mac: '00:16:3e:00:00:01', address: '192.168.1.101', port: 'lan1' } as const;
const OTHER = {
  name: 'other',
  mac: '00:16:3e:00:00:02',
  address: '192.168.1.102',
  port: 'phy1-ap0',
  wifi: WIFI,
} as const;
const AWAY = {
  name: 'away',
  mac: '00:16:3e:00:00:03',
  address: '192.168.1.103',
  port: 'lan1',
  present: false,
} as const;
const STRANGER: DemoDevice = { name: 'stranger', mac: '00:16:3e:00:00:04', address: '192.168.1.104', port: 'lan1' };

let network: OperationsNetwork;
beforeAll(async () => {
  network = await OperationsNetwork.start({
    name: 'access',
    devices: [CHILD, OTHER, AWAY],
    packages: ['tc-tiny', 'nlbwmon'],
  });
  await eventually('the other device to join the Wi-Fi', async () => (await reach(network, 'other')).v6 === 1_000);
});
afterAll(() => network?.stop());

describe('a block', () => {
  test('ends Internet access over IPv4 and IPv6, cuts open connections, and leaves the others alone', async () => {
    const childs = await OpenConnections.open(network, 'child');
    const others = await OpenConnections.open(network, 'other');
    const { outcome, plan, effect } = await network.operate('access.block', { mac: CHILD.mac });
    expect(outcome).toBe('confirmed');
    expect(plan.blocks).toEqual([{ mac: CHILD.mac, windows: [] }]);
    expect(effect).toMatchObject({ loaded: true, differences: [], blockedNow: [CHILD.mac] });
    const heard = await childs.heard();
    await others.flow();
    expect(await childs.heard()).toEqual(heard);
    expect(await reach(network, 'child')).toEqual(NO_BYTES);
    expect(await reach(network, 'other')).toEqual(ALL_BYTES);
  });

  test('holds for another address and after a restart of the firewall', async () => {
    await network.around.move('child', '192.168.1.177');
    expect(await reach(network, 'child')).toEqual(NO_BYTES);
    await network.shell('/etc/init.d/firewall restart');
    expect(await reach(network, 'child')).toEqual(NO_BYTES);
    await network.around.move('child', CHILD.address);
    expect(await reach(network, 'child')).toEqual(NO_BYTES);
  });

  test('is not made twice, and shows when somebody took it off the router', async () => {
    expect((await network.operate('access.block', { mac: CHILD.mac })).outcome).toBe('unchanged');
    await network.shell('nft delete table inet netpilot');
    expect((await network.operate('access.read', {})).effect).toMatchObject({ loaded: false, blockedNow: [] });
    expect((await network.operate('access.block', { mac: CHILD.mac })).effect.loaded).toBe(true);
    expect(await reach(network, 'child')).toEqual(NO_BYTES);
  });

  test('is taken back', async () => {
    expect((await network.operate('access.unblock', { mac: CHILD.mac })).plan.blocks).toEqual([]);
    expect(await reach(network, 'child')).toEqual(ALL_BYTES);
    expect((await network.operate('access.unblock', { mac: CHILD.mac })).outcome).toBe('unchanged');
  });

  test('takes a device that is not there, and spares the router and the one who asks', async () => {
    expect((await network.operate('access.block', { mac: AWAY.mac })).plan.blocks).toHaveLength(1);
    await network.operate('access.unblock', { mac: AWAY.mac });
    const own = (await network.shell('cat /sys/class/net/br-lan/address')) as string;
    expect(await network.attempt('access.block', { mac: own })).toMatchObject({
      problem: { code: 'protected_device', reason: 'router' },
    });
    const asker = { devices: [CHILD.mac] };
    expect(await network.attempt('access.block', { mac: CHILD.mac, asker })).toMatchObject({
      problem: { code: 'protected_device', reason: 'own' },
    });
    expect((await network.operate('access.read', {})).plan.blocks).toEqual([]);
    expect(await reach(network, 'child')).toEqual(ALL_BYTES);
  });

  test('with times holds within them only', async () => {
    const [day = '1', hour = '0'] = (await network.shell('date "+%u %H"')).split(' ');
    const today = WEEKDAYS[Number(day) - 1] as Weekday;
    const yesterday = WEEKDAYS[(Number(day) + 5) % 7] as Weekday;
    const at = (offset: number) => `${String((Number(hour) + 24 + offset) % 24).padStart(2, '0')}:00`;
    // Days are those on which a window begins: around midnight that is yesterday for half of this one.
    const days = [yesterday, today];
    await network.operate('access.block', { mac: CHILD.mac, windows: [{ days, from: at(2), to: at(4) }] });
    expect(await reach(network, 'child')).toEqual(ALL_BYTES);
    const others = WEEKDAYS.filter((each) => !days.includes(each));
    await network.operate('access.block', { mac: CHILD.mac, windows: [{ days: others, from: at(-2), to: at(3) }] });
    expect(await reach(network, 'child')).toEqual(ALL_BYTES);
    await network.operate('access.block', { mac: CHILD.mac, windows: [{ days, from: at(-2), to: at(3) }] });
    expect(await reach(network, 'child')).toEqual(NO_BYTES);
    expect(await reach(network, 'other')).toEqual(ALL_BYTES);
    await network.operate('access.unblock', { mac: CHILD.mac });
  });
});

describe('a mode', () => {
  const LIMITED = { downMbps: 4, upMbps: 2 };
  const FULL = { downMbps: 12, upMbps: 6 };

  test('blacklist: the listed have the limited rate in both directions over both families, the others theirs', async () => {
    await network.operate('access.rates', { mode: 'blacklist', limited: LIMITED, full: FULL });
    await network.operate('access.list', { mode: 'blacklist', add: [CHILD.mac] });
    const { effect, plan } = await network.operate('access.mode', { mode: 'blacklist' });
    expect(plan.activeMode).toBe('blacklist');
    expect(effect).toMatchObject({ loaded: true, engine: 'htb' });
    expect(await deviation(4, network, 'child', 'down', 4)).toBeLessThan(TOLERANCE);
    expect(await deviation(4, network, 'child', 'down', 6)).toBeLessThan(TOLERANCE);
    expect(await deviation(2, network, 'child', 'up', 4)).toBeLessThan(TOLERANCE);
    expect(await deviation(2, network, 'child', 'up', 6)).toBeLessThan(TOLERANCE);
    expect(await deviation(12, network, 'other', 'down', 4)).toBeLessThan(TOLERANCE);
  });

  test('follows a device to another address', async () => {
    await network.around.move('child', '192.168.1.188');
    expect(await deviation(4, network, 'child', 'down', 4)).toBeLessThan(TOLERANCE);
    await network.around.move('child', CHILD.address);
  });

  test('whitelist takes its place: everybody but the listed is limited', async () => {
    await network.operate('access.rates', { mode: 'whitelist', limited: LIMITED, full: FULL });
    await network.operate('access.list', { mode: 'whitelist', add: [CHILD.mac] });
    expect((await network.operate('access.mode', { mode: 'whitelist' })).plan.activeMode).toBe('whitelist');
    expect(await deviation(4, network, 'other', 'down', 6)).toBeLessThan(TOLERANCE);
    expect(await deviation(6, network, 'child', 'up', 4)).toBeLessThan(TOLERANCE);
  });

  test('ends: everybody is as fast as the line', async () => {
    const { plan, effect } = await network.operate('access.mode', { mode: null });
    expect(plan.activeMode).toBeNull();
    expect(effect.engine).toBe('none');
    await unlimited(12, network, 'child');
    expect(await network.shell('tc qdisc show | grep -c htb')).toBe('0');
  });
});

describe('a whole plan', () => {
  test('takes the place of the router’s, and is refused when it was made for another', async () => {
    const { plan, revision } = await network.operate('access.read', {});
    const wanted = { ...plan, blocks: [{ mac: CHILD.mac, windows: [] }] };
    const done = await network.operate('access.apply', { plan: wanted, revision });
    expect(done.revision).not.toBe(revision);
    expect(await reach(network, 'child')).toEqual(NO_BYTES);
    const late = await network.attempt('access.apply', { plan, revision });
    expect(late).toMatchObject({ problem: { code: 'conflict' } });
    expect(await reach(network, 'child')).toEqual(NO_BYTES);
    expect((await network.operate('access.apply', { plan, revision: done.revision })).revision).toBe(revision);
    expect(await reach(network, 'child')).toEqual(ALL_BYTES);
  });
});

describe('groups', () => {
  test('members share the rate of theirs, and one that leaves has none', async () => {
    const policy = { block: false, limit: { downMbps: 3, upMbps: null }, windows: [] };
    const members: string[] = [CHILD.mac, OTHER.mac];
    await network.operate('access.group', { group: { id: 1, name: 'Kids', policy, members } });
    expect(await deviation(3, network, ['child', 'other'], 'down', 4)).toBeLessThan(TOLERANCE);
    await network.operate('access.group', { group: { id: 1, name: 'Kids', policy, members: [CHILD.mac] } });
    await unlimited(3, network, 'other');
    await network.operate('access.delete_group', { id: 1 });
  });

  test('guests are the devices that nobody knows: what holds for them holds for a stranger at once', async () => {
    const policy = { block: true, limit: null, windows: [] };
    await network.operate('access.group', { group: { id: 0, name: 'Guest', policy, members: [] } });
    await network.operate('access.known', { known: [CHILD.mac, OTHER.mac, AWAY.mac] });
    await network.around.plug(STRANGER);
    expect(await reach(network, 'stranger')).toEqual(NO_BYTES);
    expect(await reach(network, 'child')).toEqual(ALL_BYTES);
    await network.operate('access.known', { known: [CHILD.mac, OTHER.mac, AWAY.mac, STRANGER.mac] });
    expect(await reach(network, 'stranger')).toEqual(ALL_BYTES);
    await expect(network.operate('access.delete_group', { id: 0 })).rejects.toThrow('invalid_request');
  });
});

test('usage is nlbwmon’s where that is installed', async () => {
  const of = async () => {
    const { source, counters } = await network.operate('usage.read', {});
    expect(source).toBe('nlbwmon');
    return counters.find(({ mac }) => mac === OTHER.mac)?.downBytes ?? 0;
  };
  const before = await of();
  await network.around.run('other', 'nc 203.0.113.1 7001 < /dev/null | head -c 2000000 > /dev/null');
  await eventually('two megabytes in its counters', async () => (await of()) - before >= 2_000_000);
  const { periods } = await network.operate('usage.periods', {});
  expect(periods).toContain(await network.shell('date -u +%Y-%m-01'));
});

describe('a reset', () => {
  test('shows what it will remove, removes that and nothing else, and everybody is free', async () => {
    await network.operate('access.block', { mac: CHILD.mac });
    await network.shell(
      "uci set firewall.np_mine=rule; uci set firewall.np_mine.name='np-block of my own'; uci set firewall.np_mine.src=lan; uci set firewall.np_mine.target=ACCEPT; uci commit firewall; nft add table inet mine",
    );
    const { items } = await network.operate('reset.preview', {});
    expect(items.join('\n')).toMatch(/netpilot/u);
    expect(items.join('\n')).not.toMatch(/mine/u);
    const before = await network.shell('cat /etc/config/network /etc/config/dhcp /etc/config/wireless');
    expect((await network.operate('reset.run', {})).removed.length).toBeGreaterThan(0);
    expect(await reach(network, 'child')).toEqual(ALL_BYTES);
    expect(await network.shell('nft list tables')).toBe('table inet mine\ntable inet fw4');
    expect(await network.shell('uci get firewall.np_mine')).toBe('rule');
    expect(await network.shell('cat /etc/config/network /etc/config/dhcp /etc/config/wireless')).toBe(before);
    expect(
      await network.shell('uci show | grep -ci netpilot; ls -d /etc/netpilot /etc/config/netpilot 2>/dev/null'),
    ).toBe('0');
    expect((await network.operate('reset.preview', {})).items).toEqual([]);
  });
});
