import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../harness/eventually.ts';
import { ALL_BYTES, NO_BYTES, reach } from './effects.ts';
import { DESK, joined, PHONE } from './household.ts';
import { OperationsNetwork } from './network.ts';

let network: OperationsNetwork;
beforeAll(async () => {
  network = await OperationsNetwork.start({ name: 'holding', devices: [DESK, PHONE] });
  await joined(network, 'phone');
});
afterAll(() => network?.stop());

describe('a change that does not hold', () => {
  const wan = (text: string) =>
    text.replace(
      /(config interface 'wan'\n\toption device 'eth0'\n\toption proto) 'dhcp'/u,
      "$1 'static'\n\toption ipaddr '10.99.99.99'\n\toption netmask '255.255.255.0'",
    );

  test('that cuts the router off is taken back by the router itself', async () => {
    const { files } = await network.operate('config.export', {});
    const before = files.find(({ name }) => name === 'network')?.text ?? '';
    const changed = [{ name: 'network', text: wan(before) }];
    expect(wan(before)).not.toBe(before);
    const preview = await network.operate('config.preview', { files: changed });
    expect(preview.files).toMatchObject([
      { name: 'network', change: 'changed', diff: expect.stringContaining('10.99') },
    ]);
    const asked = Date.now();
    const answer = await network.attempt('config.apply', { files: changed, revision: preview.revision });
    expect(answer).toMatchObject({ problem: { code: 'rolled_back' } });
    if ('problem' in answer && answer.problem.code === 'rolled_back' && answer.problem.by !== null)
      expect(Date.parse(answer.problem.by) - asked).toBeLessThanOrEqual(35_000);
    await network.cutTunnel();
    await eventually('the router to be back', async () =>
      (await network.shell('ip -4 addr show dev eth0')).includes('203.0.113.2'),
    );
    expect(await network.shell('uci get network.wan.proto')).toBe('dhcp');
    expect(await network.shell('cat /etc/config/network')).toBe(before.trim());
    await network.connect();
    expect(await reach(network, 'desk')).toEqual(ALL_BYTES);
  });

  test('as its connection was lost in the middle leaves no trace', async () => {
    await network.cutTunnel();
    await network.connect(400);
    // The moment at which the change is in force and not confirmed yet.
    const inForce = network.shell(
      'while ! ls /tmp/netpilot/*/watchdog > /dev/null 2>&1; do /usr/libexec/demo/bin/usleep 20000; done',
    );
    const answer = network.attempt('access.block', { mac: DESK.mac });
    await inForce;
    await eventually(
      'the block to be in force',
      async () =>
        (await network.shell('nft list tables')).includes('inet netpilot\n') ||
        (await network.shell('nft list tables')).endsWith('inet netpilot'),
    );
    await network.cutTunnel();
    expect(await answer).toMatchObject({ problem: { code: 'rolled_back', certain: false } });
    await eventually('the former state', async () => (await network.shell('ls /tmp/netpilot')) === 'lock');
    expect(await reach(network, 'desk')).toEqual(ALL_BYTES);
    await network.connect(0);
    expect((await network.operate('access.read', {})).plan.blocks).toEqual([]);
  });

  test('is refused while another one waits, and goes through after it', async () => {
    const [first, second] = await Promise.all([
      network.attempt('access.block', { mac: DESK.mac }),
      network.attempt('access.block', { mac: PHONE.mac }),
    ]);
    const busy = [first, second].filter((answer) => 'problem' in answer);
    for (const answer of busy) expect(['busy', 'conflict']).toContain('problem' in answer && answer.problem.code);
    expect(busy.length).toBeLessThan(2);
    await network.operate('access.block', { mac: DESK.mac });
    const { plan } = await network.operate('access.block', { mac: PHONE.mac });
    expect(plan.blocks.map(({ mac }) => mac).sort()).toEqual([DESK.mac, PHONE.mac]);
    expect(await reach(network, 'desk')).toEqual(NO_BYTES);
    await network.operate('access.unblock', { mac: PHONE.mac });
    expect(await reach(network, 'phone')).toEqual(ALL_BYTES);
  });
});

test('a block is there again after a reboot', async () => {
  const began = await network.shell('cat /var/run/boot');
  expect((await network.operate('router.reboot', {})).outcome).toBe('confirmed');
  await eventually('the router to be up again', async () => {
    const state = await network.shell('cat /var/run/boot; pgrep -x dropbear; nft list tables');
    return !state.startsWith(began) && state.includes('table inet fw4') && state.split('\n').length > 3;
  });
  await network.cutTunnel();
  await network.connect();
  await eventually(
    'the other device to be on the air',
    async () => (await reach(network, 'phone')).v6 === ALL_BYTES.v6,
  );
  expect(await reach(network, 'desk')).toEqual(NO_BYTES);
  expect((await network.operate('access.read', {})).effect).toMatchObject({ loaded: true, blockedNow: [DESK.mac] });
});
