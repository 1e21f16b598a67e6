import { expect, test } from '@jest/globals';
import type { Device } from '@netpilot/control-plane/contract/devices.ts';
import { connectionInWords, deviceName, guessKind, matches } from './device-words.ts';

const device: Device = {
  mac: 'aa:bb:cc:dd:ee:01',
  name: null,
  kind: null,
  icon: null,
  hostname: null,
  vendor: null,
  randomised: false,
  addresses: ['192.168.1.20'],
  attachment: null,
  online: false,
  firstSeenAt: null,
  lastSeenAt: null,
};

test('a device is called what people call it, else what is known of it', () => {
  expect(deviceName(device)).toBe('aa:bb:cc:dd:ee:01');
  expect(deviceName({ ...device, vendor: 'Xerox' })).toBe('Xerox ee:01');
  expect(deviceName({ ...device, vendor: 'Xerox', hostname: 'printer' })).toBe('printer');
  expect(deviceName({ ...device, hostname: 'printer', name: 'Office' })).toBe('Office');
});

test('its connection is told in words', () => {
  expect(connectionInWords(device)).toBe('Never seen');
  expect(connectionInWords({ ...device, attachment: { type: 'wired', port: 'lan2' } })).toBe('Wired (lan2)');
  const wifi = { type: 'wifi', interface: 'phy0-ap0', ssid: 'Home', band: '5', signalDbm: -48 } as const;
  expect(connectionInWords({ ...device, attachment: wifi })).toBe('Wi-Fi 5 GHz, strong signal');
  expect(connectionInWords({ ...device, attachment: { ...wifi, band: null, signalDbm: -80 } })).toBe(
    'Wi-Fi, weak signal',
  );
});

test('it is found by any of its names and addresses', () => {
  const found = { ...device, name: 'Mia’s phone', vendor: 'Apple' };
  for (const search of ['', 'mia', 'PHONE apple', '192.168.1', 'ee:01']) expect(matches(found, search)).toBe(true);
  expect(matches(found, 'mia samsung')).toBe(false);
});

test.each([
  [{ hostname: 'alices-phone', vendor: 'Apple, Inc.' }, 'phone'],
  [{ hostname: 'living-room-tv', vendor: 'Nest Labs Inc.' }, 'tv'],
  [{ hostname: 'nas', vendor: null }, 'server'],
  [{ hostname: null, vendor: 'Espressif Inc.' }, 'appliance'],
  [{ hostname: 'DESKTOP-4F2K', vendor: null }, 'computer'],
  [{ hostname: '$(reboot)', vendor: null }, 'other'],
] as const)('%j looks like a %s', (known, kind) => expect(guessKind({ name: null, ...known })).toBe(kind));
