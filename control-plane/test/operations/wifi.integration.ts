import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DemoDevice } from '@netpilot/compose/demo-router/surroundings.ts';
import { eventually } from '../harness/eventually.ts';
import { NO_BYTES, reach } from './effects.ts';
import { DESK, joined, PHONE } from './household.ts';
import { loseWithin, restored } from './lost-road.ts';
import { OperationsNetwork } from './network.ts';

const NEWCOMER: DemoDevice = {
  name: 'newcomer',
  mac: '00:16:3e:00:01:04',
  address: '192.168.1.114',
  port: 'phy1-ap0',
  wifi: { ssid: "Mum's $(reboot) café", key: 'a much better key', signal: -60 },
};

let network: OperationsNetwork;
beforeAll(async () => {
  network = await OperationsNetwork.start({ name: 'wifi', devices: [DESK, PHONE] });
  await joined(network, 'phone');
});
afterAll(() => network?.stop());

describe('Wi-Fi', () => {
  test('another name and key cut off who knew the old ones, and let in who knows the new', async () => {
    const { ssid, key } = NEWCOMER.wifi ?? { ssid: '', key: '' };
    const networks = [{ section: 'default_radio1', ssid, key }];
    expect((await network.operate('wifi.preview', { networks })).cutOff).toContain(PHONE.mac);
    const answer = await network.operate('wifi.change', { networks });
    expect(answer).toMatchObject({ outcome: 'confirmed', cutOff: [PHONE.mac] });
    expect(JSON.stringify(answer)).not.toContain(key);
    await eventually('the phone to fall off', async () => (await reach(network, 'phone')).v4 === NO_BYTES.v4);
    await network.around.plug(NEWCOMER);
    await joined(network, 'newcomer');
    const state = await network.operate('wifi.read', {});
    expect(state.networks.find(({ section }) => section === 'default_radio1')).toMatchObject({
      ssid,
      up: true,
      hasKey: true,
      clients: [NEWCOMER.mac],
      encryptionText: 'sae-mixed',
    });
  });

  test('a weaker encryption is refused unless it is meant', async () => {
    const networks = [{ section: 'default_radio1', encryption: 'none' as const }];
    expect(await network.attempt('wifi.change', { networks })).toHaveProperty('problem');
    expect(await network.shell('uci get wireless.default_radio1.encryption')).toBe('sae-mixed');
  });

  test('a radio that is switched off is off the air, and comes back', async () => {
    const radio = (enabled: boolean) => network.operate('wifi.change', { radios: [{ section: 'radio1', enabled }] });
    const up = async () =>
      (await network.operate('wifi.read', {})).radios.find(({ section }) => section === 'radio1')?.up;
    await radio(false);
    await eventually('the newcomer to fall off', async () => (await reach(network, 'newcomer')).v4 === NO_BYTES.v4);
    expect(await up()).toBe(false);
    await radio(true);
    await joined(network, 'newcomer');
    expect(await up()).toBe(true);
    const networks = [{ section: 'default_radio1', ssid: PHONE.wifi.ssid, key: PHONE.wifi.key }];
    await network.operate('wifi.change', { networks });
    await joined(network, 'phone');
  });

  test('a name that cuts off the connection is taken back by the router itself', async () => {
    const before = await network.shell('cat /etc/config/wireless');
    const answer = await loseWithin(network, {
      name: 'wifi.change',
      input: { networks: [{ section: 'default_radio1', ssid: 'Lost', key: 'nobody knows it' }] },
      program: ['/sbin/wifi', 'reload'],
      inForce: async () => (await reach(network, 'phone')).v4 === NO_BYTES.v4,
    });
    expect(answer).toMatchObject({ problem: { code: 'rolled_back', certain: false } });
    expect(JSON.stringify(answer)).not.toContain('nobody knows it');
    await restored(network);
    expect(await network.shell('cat /etc/config/wireless')).toBe(before);
    await joined(network, 'phone');
    await network.connect();
    const { networks } = await network.operate('wifi.read', {});
    expect(networks.find(({ section }) => section === 'default_radio1')).toMatchObject({ ssid: 'Demo', up: true });
  });
});
