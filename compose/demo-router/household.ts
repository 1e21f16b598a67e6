import type { DemoDevice } from './surroundings.ts';

const WIFI = { ssid: 'Demo', key: 'demo-password' };

/** The devices behind a demo router: wired and on both bands, with a name or without, and one that is away. MACs are of real makers. */
export const HOUSEHOLD: readonly DemoDevice[] = [
  { name: 'desktop', mac: '00:1b:21:3a:4c:01', address: '192.168.1.101', port: 'lan1' },
  { name: 'nas', mac: '00:11:32:5b:6d:02', address: '192.168.1.102', port: 'lan1' },
  {
    name: 'alices-phone',
    mac: 'f0:99:bf:12:34:03',
    address: '192.168.1.103',
    port: 'phy1-ap0',
    fetches: 150,
    wifi: { ...WIFI, signal: -48 },
  },
  {
    name: 'living-room-tv',
    mac: '64:16:66:9e:01:04',
    address: '192.168.1.104',
    port: 'phy1-ap0',
    fetches: 1_000,
    wifi: { ...WIFI, signal: -61 },
  },
  {
    name: 'plug',
    mac: '24:0a:c4:7f:20:05',
    address: '192.168.1.105',
    port: 'phy0-ap0',
    hostName: null,
    wifi: { ...WIFI, signal: -72 },
  },
  { name: 'printer', mac: '3c:d9:2b:44:55:06', address: '192.168.1.106', port: 'lan1', present: false },
];
