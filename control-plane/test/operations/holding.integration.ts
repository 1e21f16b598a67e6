import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../harness/eventually.ts';
import { ALL_BYTES, NO_BYTES, reach } from './effects.ts';
import { DESK, joined, PHONE } from './household.ts';
import { loseWithin, restored } from './lost-road.ts';
import { OperationsNetwork } from './network.ts';

let network: OperationsNetwork;
beforeAll(async () => {
  network = await OperationsNetwork.start({ name: 'holding', devices: [DESK, PHONE] });
  await joined(network, 'phone');
});
afterAll(() => network?.stop());

test('a configuration that holds is what the router has from then on, byte for byte', async () => {
  const { files } = await network.operate('config.export', {});
  const former = files.find(({ name }) => name === 'system')?.text ?? '';
  const text = `${former.replace(/option hostname .*/u, "option hostname 'a'\\''b \"$(reboot)\" grün'")}\n# kept\n`;
  expect(text).toContain('reboot');
  const changed = [{ name: 'system', text }];
  const { revision } = await network.operate('config.preview', { files: changed });
  expect(await network.operate('config.apply', { files: changed, revision })).toMatchObject({ outcome: 'confirmed' });
  expect(await network.shell('uci get system.@system[0].hostname')).toBe(`a'b "$(reboot)" grün`);
  const exported = (await network.operate('config.export', {})).files;
  expect(exported).toEqual(files.map((file) => (file.name === 'system' ? { ...file, text } : file)));

  // Whoever compared with the former state decides about that one only.
  const late = await network.attempt('config.apply', { files: [{ name: 'system', text: former }], revision });
  expect(late).toMatchObject({ problem: { code: 'conflict' } });
  const stamp = () => network.shell('ls -i --full-time /etc/config');
  const before = await stamp();
  const again = await network.operate('config.preview', { files: changed });
  expect(again.files).toMatchObject([{ name: 'system', change: 'same', diff: null }]);
  const repeated = await network.operate('config.apply', { files: changed, revision: again.revision });
  expect(repeated).toEqual({ outcome: 'unchanged', warnings: [] });
  expect(await stamp()).toBe(before);
});

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

  const LOAD = ['/usr/sbin/nft', '-f -'] as const;
  const tables = () => network.shell('nft list tables');

  test('as its connection was lost in the middle leaves no trace', async () => {
    const answer = await loseWithin(network, {
      name: 'access.block',
      input: { mac: DESK.mac },
      program: LOAD,
      inForce: async () => (await tables()).split('\n').includes('table inet netpilot'),
    });
    expect(answer).toMatchObject({ problem: { code: 'rolled_back', certain: false } });
    await restored(network);
    expect(await tables()).toBe('table inet fw4');
    expect(await reach(network, 'desk')).toEqual(ALL_BYTES);
    await network.connect();
    expect((await network.operate('access.read', {})).plan.blocks).toEqual([]);
  });

  test('leaves the mode that was there when another one was never confirmed', async () => {
    const rates = { limited: { downMbps: 4, upMbps: 2 }, full: { downMbps: null, upMbps: null } };
    await network.operate('access.rates', { mode: 'whitelist', ...rates });
    await network.operate('access.rates', { mode: 'blacklist', ...rates });
    await network.operate('access.list', { mode: 'blacklist', add: [DESK.mac] });
    const { plan } = await network.operate('access.mode', { mode: 'blacklist' });
    const rules = () => network.shell('nft -s -t list table inet netpilot');
    const before = await rules();
    const answer = await loseWithin(network, {
      name: 'access.mode',
      input: { mode: 'whitelist' },
      program: LOAD,
      inForce: async () => (await rules()) !== before,
    });
    expect(answer).toMatchObject({ problem: { code: 'rolled_back', certain: false } });
    await restored(network);
    expect(await rules()).toBe(before);
    await network.connect();
    expect(await network.operate('access.read', {})).toMatchObject({ plan, effect: { loaded: true } });
    await network.operate('access.mode', { mode: null });
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
