import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'ssh2';
import { docker } from '../local/docker.ts';
import { ensureDemoRouterImage } from './image.ts';
import { startDemoRouter, type DemoRouter } from './router.ts';

const INSTANCE = `test-demo-router-${process.pid}`;
const PASSWORD = 'only for this test';
let router: DemoRouter;
let engineAddress: string;

beforeAll(async () => {
  await ensureDemoRouterImage();
  router = await startDemoRouter({ name: 'test-router', instance: INSTANCE, password: PASSWORD });
  // The router's way out is the machine itself.
  engineAddress = await lines("ip route | sed -n 's/^default via \\([0-9.]*\\).*/\\1/p'");
});
afterAll(() => router.stop());

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('the condition did not come true in 60 s');
    await delay(100);
  }
}

const lines = async (line: string) => (await router.exec(line)).output.trim();

/** A service the way OpenWrt's packages and our enrolment write one. */
const SERVICE = `#!/bin/sh /etc/rc.common
START=99
USE_PROCD=1
start_service() {
	procd_open_instance
	procd_set_param command /bin/ash -c 'echo "$0|$1|$2" >> /tmp/runs; echo spoke; exec sleep 1000'
	procd_append_param command "two words" "it's" '$HOME'
	procd_set_param respawn 0 1 0
	procd_set_param stdout 1
	procd_close_instance
}
`;

describe('the demo router', () => {
  test('lets root in over SSH with a password and shows an OpenWrt without SFTP', async () => {
    const client = new Client();
    try {
      client.connect({ host: router.address, port: 22, username: 'root', password: PASSWORD, readyTimeout: 60_000 });
      await once(client, 'ready');
      const output = await new Promise<string>((resolve, reject) => {
        client.exec(
          '. /etc/openwrt_release; echo "$DISTRIB_ID $(id -u)"; command -v sftp-server bash stat timeout base64 lua usleep tc',
          (error, channel) => {
            if (error) return reject(error);
            let text = '';
            channel.on('data', (chunk: Buffer) => (text += chunk.toString()));
            channel.once('close', () => resolve(text));
          },
        );
      });
      expect(output).toBe('OpenWrt 0\n');
    } finally {
      client.end();
    }
  });

  test('refuses a wrong password', async () => {
    const client = new Client();
    client.connect({ host: router.address, username: 'root', password: 'wrong', readyTimeout: 60_000 });
    await expect(once(client, 'ready')).rejects.toThrow('authentication');
    client.end();
  });

  test('reads the keys of root from /etc/dropbear/authorized_keys', async () => {
    await lines('dropbearkey -t ed25519 -f /tmp/key | grep ^ssh- >> /etc/dropbear/authorized_keys');
    expect(await lines('dbclient -y -i /tmp/key root@127.0.0.1 cat /etc/openwrt_version 2>/dev/null')).toMatch(
      /^r\d+/u,
    );
  });

  test('supervises a procd service: arguments survive, a killed command comes back, stop stops it', async () => {
    await router.exec('cat > /etc/init.d/probe && chmod +x /etc/init.d/probe', { input: SERVICE });
    expect((await router.exec('/etc/init.d/probe enable && /etc/init.d/probe start')).code).toBe(0);
    expect((await router.exec('/etc/init.d/probe enabled')).code).toBe(0);
    await until(async () => (await lines('cat /tmp/runs')) === "two words|it's|$HOME");
    const pid = await lines('cat /var/run/procd/probe/instance1/pid');
    await router.exec(`kill -9 ${pid}`);
    await until(async () => (await lines('wc -l < /tmp/runs')) === '2');
    expect(await lines('cat /var/run/procd/probe/instance1/pid')).not.toBe(pid);
    expect(await lines('/etc/init.d/probe status')).toBe('running');
    await until(async () => (await lines('logread')).includes('probe: spoke'));
    expect((await router.exec('/etc/init.d/probe stop')).code).toBe(0);
    expect(await lines("ps | grep '[s]leep 1000'")).toBe('');
    expect(await lines('/etc/init.d/probe status')).toBe('inactive');
    await router.exec('/etc/init.d/probe disable');
    expect((await router.exec('/etc/init.d/probe enabled')).code).not.toBe(0);
  });

  test('fails where OpenWrt fails', async () => {
    const failing = [
      'sleep 0.2',
      'ps aux',
      'dd if=/dev/null status=none',
      'ip -j addr',
      'stat /',
      'a=(1 2)',
      'sort -h /dev/null',
    ];
    for (const line of failing) expect({ line, code: (await router.exec(line)).code }).not.toEqual({ line, code: 0 });
    expect(await lines("[[ a == a ]] && x=abc && echo ${x/b/-} | tail -c +2; printf 'a\\0b' | xargs -0 echo")).toBe(
      '-c\na b',
    );
  });

  test('stages, shows and commits with uci: names, lists, quotes and newlines survive', async () => {
    const value = `it's "so"\n$(reboot) #;`;
    await router.exec('cat > /tmp/value', { input: value });
    await router.exec(
      `uci set system.note=note; uci set system.note.text="$(cat /tmp/value)"; uci add_list system.note.all=one; uci add_list system.note.all='two words'`,
    );
    expect(await lines('uci changes system | head -1')).toBe("system.note='note'");
    expect(await lines('grep -c note /etc/config/system')).toBe('0');
    await router.exec('uci commit system');
    expect(await lines('uci changes')).toBe('');
    expect((await router.exec('uci get system.note.text')).output).toBe(`${value}\n`);
    expect(await lines('uci show system.note.all')).toBe("system.note.all='one' 'two words'");
    expect(await lines('uci show firewall | head -1')).toBe('firewall.@defaults[0]=defaults');
    expect(await lines('uci -X show firewall | head -1')).toBe('firewall.cfg01e63d=defaults');
    expect(await router.exec('uci get system.note.gone')).toEqual({ code: 1, output: 'uci: Entry not found\n' });
    expect((await router.exec('uci set system.a-b=note')).code).toBe(1);
    await router.exec('uci delete system.note && uci commit system');
    expect((await router.exec('uci -q get system.note')).code).toBe(1);
  });

  test('compiles its firewall as firewall4 does, and skips what it does not know', async () => {
    await router.exec(
      "uci batch <<'X'\nset firewall.without=rule\nset firewall.without.src=lan\nset firewall.without.target=DROP\nset firewall.without.src_mac=02:00:00:00:00:09\nset firewall.lost=rule\nset firewall.lost.src=lan\nset firewall.lost.dest=moon\nset firewall.lost.target=DROP\nX",
    );
    await router.exec('nft add table inet own');
    // Not committed: a reload puts it into force nevertheless.
    expect((await router.exec('/etc/init.d/firewall reload 2>&1')).output).toContain("unknown zone 'moon'");
    expect((await router.exec('/etc/init.d/firewall reload')).code).toBe(0);
    expect(await lines('nft list chain inet fw4 input_lan')).toContain(
      'meta l4proto { tcp, udp } ether saddr 02:00:00:00:00:09',
    );
    expect(await lines('nft list tables')).toBe('table inet own\ntable inet fw4');
    await router.exec('uci revert firewall; nft delete table inet own; /etc/init.d/firewall reload');
    expect(await lines('nft list chain inet fw4 input_lan')).not.toContain('02:00:00:00:00:09');
  });

  test('goes back by itself when an applied change is not confirmed', async () => {
    const session = await lines('ubus call session create | jsonfilter -e @.ubus_rpc_session');
    const call = (what: string, rest = '') =>
      router.exec(`ubus call ${what} '{"ubus_rpc_session":"${session}"${rest}}'`);
    const name = () => lines('uci get system.@system[0].hostname');
    const denied = await call('uci set', ',"config":"system","section":"@system[0]","values":{"hostname":"changed"}');
    expect(denied).toEqual({ code: 250, output: 'Command failed: Permission denied\n' });
    await call('session grant', ',"scope":"uci","objects":[["*","read"],["*","write"]]');
    await router.exec(`uci -t /var/run/rpcd/uci-${session} set system.@system[0].hostname=changed`);
    expect(await name()).toBe('OpenWrt');
    expect((await call('uci apply', ',"rollback":true,"timeout":2')).code).toBe(0);
    expect(await name()).toBe('changed');
    expect((await call('uci apply', ',"rollback":true')).code).toBe(250);
    await until(async () => (await name()) === 'OpenWrt');
    expect((await call('uci confirm')).code).toBe(251);
    await router.exec(`uci -t /var/run/rpcd/uci-${session} set system.@system[0].hostname=kept`);
    await call('uci apply', ',"rollback":true,"timeout":2');
    expect((await call('uci confirm')).code).toBe(0);
    await router.exec('sleep 4');
    expect(await name()).toBe('kept');
  });

  test('comes back from a reboot without what was in memory', async () => {
    await router.exec('echo 1 > /tmp/memory; echo 1 > /etc/kept; nft add table inet own; reboot');
    await until(async () =>
      (await lines('ls /tmp/memory 2>/dev/null; cat /etc/kept; nft list tables; pgrep -x dropbear')).startsWith(
        '1\ntable inet fw4',
      ),
    );
  });

  test('reaches an address outside on its own loopback', async () => {
    const server = createServer((request, response) => response.end(`${request.method} ${request.headers.host}`));
    server.listen(0, engineAddress);
    await once(server, 'listening');
    const address = server.address();
    const toPort = typeof address === 'object' && address ? address.port : 0;
    const uplinks = [{ port: 8080, address: engineAddress, toPort }];
    const other = await startDemoRouter({ name: 'test-uplink', instance: INSTANCE, uplinks });
    try {
      await until(async () => (await other.exec('wget -qO- http://localhost:8080/')).output === 'GET localhost:8080');
    } finally {
      await other.stop();
      server.closeAllConnections();
      server.close();
    }
    expect(await docker(['ps', '-aq', '--filter', `id=${other.containerId}`])).toBe('');
  });

  test('has the same image the second time', async () => {
    const said: string[] = [];
    const log = (line: string) => said.push(line);
    expect(await ensureDemoRouterImage({ log })).toBe(await ensureDemoRouterImage({ log }));
    expect(said).toEqual([]);
  });
});
