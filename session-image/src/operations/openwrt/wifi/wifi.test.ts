import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { WifiChangeInput, WifiState } from '@netpilot/control-plane/contract/operations/wifi.ts';
import { OperationFailure } from '../../problem.ts';
import { fixture, HOSTILE, RELEASES, said } from '../fixtures/fixture.ts';
import { parseUci } from '../uci-text.ts';
import { isWeaker } from './encryption.ts';
import { consequencesOf, withWifiChanges } from './operations.ts';
import { wifiStateOf } from './wifi-state.ts';

const read = (release: string) =>
  wifiStateOf(
    said({
      config: fixture(`${release}/config`),
      status: fixture(`${release}/wireless`),
      associations: fixture(`${release}/associations`),
    }),
  );
const change = (config: string, input: object) => withWifiChanges(config, WifiChangeInput.parse(input));
const SECTION = 'default_radio0';

describe.each(RELEASES)('Wi-Fi of OpenWrt %s', (release) => {
  test('is told as it is on the air, and never with a key', () => {
    const state = read(release);
    expect(WifiState.parse(state)).toEqual(state);
    expect(JSON.stringify(state)).not.toContain('a secret of this house');
    expect(state.radios).toMatchObject([{ enabled: true, up: true, band: release < '23' ? '2.4' : '5' }]);
    expect(state.networks).toMatchObject([
      { ssid: 'Home', enabled: true, up: true, hasKey: true, clients: ['02:aa:bb:cc:dd:02'] },
      { section: 'wifi_iface_0', ssid: 'Home guests', enabled: false, up: false, hasKey: false, encryption: 'none' },
    ]);
  });

  test('an anonymous network is changed by the name that it was shown with', () => {
    const config = fixture(`${release}/config`);
    const changed = change(config, { networks: [{ section: 'wifi_iface_0', enabled: true, ssid: 'Guests' }] });
    expect(parseUci(changed)[2]?.options.get('ssid')).toBe('Guests');
    expect(parseUci(changed)[2]?.options.get('disabled')).toBe('0');
    expect(parseUci(changed).slice(0, 2)).toEqual(parseUci(config).slice(0, 2));
  });
});

describe('a change', () => {
  const config = fixture('22.03/config');

  test('takes any name and key that are allowed, as text', () => {
    const ssid = fc.oneof(
      fc.constantFrom("it's", '$(reboot)', '"', "'; reboot", 'grün'),
      fc.stringMatching(/^[ -~]{1,32}$/u),
    );
    fc.assert(
      fc.property(ssid, fc.stringMatching(/^[ -~]{8,63}$/u), (name, key) => {
        const options = parseUci(change(config, { networks: [{ section: SECTION, ssid: name, key }] }))[1]?.options;
        expect(options?.get('ssid')).toBe(name);
        expect(options?.get('key')).toBe(key);
        expect(options?.get('encryption')).toBe('psk2');
      }),
    );
    for (const name of HOSTILE) {
      const input = WifiChangeInput.safeParse({ networks: [{ section: SECTION, ssid: name }] });
      if (input.success) change(config, input.data);
    }
  });

  test('never weakens an encryption unless it is meant, and never leaves a network without its key', () => {
    const none = { networks: [{ section: SECTION, encryption: 'none' }] };
    expect(() => change(config, none)).toThrow(OperationFailure);
    expect(parseUci(change(config, { ...none, allowWeaker: true }))[1]?.options.get('encryption')).toBe('none');
    expect(() => change(config, { networks: [{ section: 'wifi_iface_0', encryption: 'sae' }] })).toThrow(
      OperationFailure,
    );
    const sae = { networks: [{ section: SECTION, encryption: 'sae' }] };
    expect(parseUci(change(config, sae))[1]?.options.get('encryption')).toBe('sae');
  });

  test('that says what is so already changes not a byte', () => {
    const same = {
      radios: [{ section: 'radio0', enabled: true }],
      networks: [{ section: SECTION, ssid: 'Home', enabled: true }],
    };
    expect(change(config, same)).toBe(config);
  });

  test('of what is not there is refused', () => {
    expect(() => change(config, { networks: [{ section: 'default_radio7', enabled: false }] })).toThrow(
      OperationFailure,
    );
  });

  test('names all who are on the radio, as all of it restarts', () => {
    const state = read('22.03');
    const input = WifiChangeInput.parse({ networks: [{ section: 'wifi_iface_0', enabled: true }] });
    expect(consequencesOf(state, input).cutOff).toEqual(['02:aa:bb:cc:dd:02']);
  });
});

test('strength is told by what the air shows, whatever cipher is named behind it', () => {
  expect(isWeaker('psk2+ccmp', 'psk2')).toBe(false);
  expect(isWeaker('sae', 'sae-mixed')).toBe(true);
  expect(isWeaker('wpa2', 'psk2')).toBe(true);
  expect(isWeaker('wep-open', 'psk2')).toBe(false);
  expect(isWeaker('wep-open', 'none')).toBe(true);
  expect(isWeaker(undefined, 'none')).toBe(false);
});

test('whatever a router says, the state fits the contract', () => {
  const text = fc.oneof(
    fc.constantFrom(fixture('24.10/config'), fixture('24.10/wireless'), fixture('24.10/associations'), ...HOSTILE),
    fc.json(),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(text, text, text, (config, status, associations) => {
      WifiState.parse(wifiStateOf(said({ config, status, associations })));
    }),
  );
});
