import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { docker } from '../local/docker.ts';
import { ensureDemoRouterImage } from './image.ts';
import { type DemoRouter, startDemoRouter } from './router.ts';
import { SERVER, startSurroundings, type Surroundings } from './surroundings.ts';

const INSTANCE = `test-surroundings-${process.pid}`;
const WIRED = { name: 'wired', mac: '00:16:3e:00:02:01', address: '192.168.1.121', port: 'lan1' } as const;
const STATION = {
  name: 'station',
  mac: '00:16:3e:00:02:02',
  address: '192.168.1.122',
  port: 'phy0-ap0',
  wifi: { ssid: 'Demo', key: 'demo-password', signal: -70 },
} as const;
let router: DemoRouter;
let around: Surroundings;

beforeAll(async () => {
  await ensureDemoRouterImage();
  router = await startDemoRouter({ name: 'test-surroundings', instance: INSTANCE });
  around = await startSurroundings(router, { instance: INSTANCE, devices: [WIRED, STATION] });
});
afterAll(async () => {
  await around?.stop();
  await router?.stop();
  expect(await docker(['ps', '-aq', '--filter', `label=netpilot.instance=${INSTANCE}`])).toBe('');
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('the condition did not come true in 60 s');
    await delay(100);
  }
}

const said = async (line: string) => (await router.exec(line)).output.trim();
const bytes = async (name: string, address: string) => {
  const line = `/usr/libexec/demo/bin/timeout 5 nc ${address} 7001 < /dev/null 2>/dev/null | head -c 1000 | wc -c`;
  return Number((await around.run(name, line)).output);
};

test('devices reach the server through the router, over IPv4 and IPv6, wired and on Wi-Fi', async () => {
  await until(async () => (await bytes('station', SERVER.v6)) === 1_000);
  expect(await bytes('station', SERVER.v4)).toBe(1_000);
  expect(await bytes('wired', SERVER.v4)).toBe(1_000);
  expect(await bytes('wired', SERVER.v6)).toBe(1_000);
  expect(await said('ip -4 route show default')).toBe('default via 203.0.113.1 dev eth0');
});

test('the router sees them where they are', async () => {
  expect(await said('cat /tmp/dhcp.leases')).toMatch(/^\d+ 00:16:3e:00:02:01 192\.168\.1\.121 wired /mu);
  expect(await said('ip neigh show 192.168.1.121')).toContain('dev br-lan lladdr 00:16:3e:00:02:01');
  expect(await said('brctl showmacs br-lan')).toMatch(/\d\s+00:16:3e:00:02:01\s+no/u);
  expect(await said("ubus call hostapd.phy0-ap0 get_clients | jsonfilter -e '@.clients[*].signal'")).toBe('-70');
  expect(await said('grep -c "src=192.168.1.121 dst=203.0.113.1" /proc/net/nf_conntrack')).not.toBe('0');
});

test('a firewall rule without a destination leaves the Internet alone, one with it does not, and open connections live on', async () => {
  await around.run('wired', `nc ${SERVER.v4} 7003 < /dev/null > /tmp/words 2>/dev/null &`);
  const words = async () => Number((await around.run('wired', 'wc -c < /tmp/words')).output);
  await until(async () => (await words()) > 0);
  const rule = ['src=lan', 'src_mac=00:16:3e:00:02:01', 'proto=all', 'target=REJECT'].map(
    (option) => `uci set firewall.no.${option}`,
  );
  await router.exec(`uci set firewall.no=rule; ${rule.join('; ')}; fw4 reload`);
  expect(await bytes('wired', SERVER.v4)).toBe(1_000);
  await router.exec('uci set firewall.no.dest=wan; fw4 reload');
  expect(await bytes('wired', SERVER.v4)).toBe(0);
  expect(await bytes('wired', SERVER.v6)).toBe(0);
  expect(await bytes('station', SERVER.v4)).toBe(1_000);
  const heard = await words();
  await until(async () => (await words()) > heard + 20);
  await router.exec('uci revert firewall; fw4 reload');
  expect(await bytes('wired', SERVER.v4)).toBe(1_000);
});

test('only who knows the key is on the air', async () => {
  await router.exec("uci set wireless.default_radio0.key='another-password'; uci commit wireless; wifi reload");
  await until(async () => (await bytes('station', SERVER.v4)) === 0);
  expect(await said('ubus call hostapd.phy0-ap0 get_clients | jsonfilter -e "@.clients"')).toBe('{}');
  await router.exec("uci set wireless.default_radio0.key='demo-password'; uci commit wireless; wifi reload");
  await until(async () => (await bytes('station', SERVER.v4)) === 1_000);
});

test('packages of the feed count and measure what is really moved', async () => {
  expect((await router.exec('opkg install nlbwmon')).code).not.toBe(0);
  expect((await router.exec('opkg update && opkg install nlbwmon librespeed-cli tc')).code).toBe(0);
  await around.run('wired', `nc ${SERVER.v4} 7001 < /dev/null | head -c 2000000 > /dev/null`);
  await until(async () => {
    const rows: unknown[][] = JSON.parse(await said('nlbw -c json -g mac')).data;
    return rows.some((row) => row[0] === WIRED.mac && Number(row[2]) > 2_000_000);
  });
  const [result] = JSON.parse(await said('librespeed-cli --json --duration 1'));
  expect(result.download).toBeGreaterThan(1);
  expect(await said('tc qdisc show dev br-lan')).toContain('noqueue');
  expect((await router.exec('opkg remove tc-tiny')).code).toBe(0);
  expect((await router.exec('tc')).code).not.toBe(0);
});
