import { eventually } from '../harness/eventually.ts';
import { ALL_BYTES, reach } from './effects.ts';
import type { OperationsNetwork } from './network.ts';

/** Wired. */
export const DESK = { name: 'desk', mac: '00:16:3e:00:01:01', address: '192.168.1.111', port: 'lan1' } as const;
/** On the 5 GHz radio of a stock router. */
export const PHONE = {
  name: 'phone',
  mac: '00:16:3e:00:01:02',
  address: '192.168.1.112',
  port: 'phy1-ap0',
  wifi: { ssid: 'Demo', key: 'demo-password', signal: -47 },
} as const;
/** Has a lease and is not there. */
export const AWAY = {
  name: 'away',
  mac: '00:16:3e:00:01:03',
  address: '192.168.1.113',
  port: 'lan1',
  present: false,
} as const;
/** Waits until a device reaches the server: a station takes a moment to join the Wi-Fi. */
export async function joined(network: OperationsNetwork, name: string): Promise<void> {
  await eventually(`${name} to be on the air`, async () => (await reach(network, name)).v6 === ALL_BYTES.v6);
}
