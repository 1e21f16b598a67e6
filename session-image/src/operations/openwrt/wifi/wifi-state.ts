import type { WifiBand } from '@netpilot/control-plane/contract/operations/devices.ts';
import type { WifiNetwork, WifiState } from '@netpilot/control-plane/contract/operations/wifi.ts';
import type { Sections } from '../../sections.ts';
import { parseAssociations } from '../devices/associations.ts';
import { nameOf } from '../text.ts';
import { parseUci, type UciSection } from '../uci-text.ts';
import { encryptionOf } from './encryption.ts';
import { parseWirelessStatus, radiosUp } from './wireless-status.ts';

/** A section as a person may name it, and where it stands in the file. */
export interface WifiSection {
  readonly id: string;
  readonly index: number;
  readonly section: UciSection;
}

/** Sections of a type; an anonymous one is named by its place, which holds as long as the file is the same. */
export function sectionsOf(config: string, type: 'wifi-device' | 'wifi-iface'): WifiSection[] {
  let anonymous = 0;
  return parseUci(config)
    .map((section, index) => ({ section, index }))
    .filter(({ section }) => section.type === type)
    .slice(0, type === 'wifi-device' ? 16 : 64)
    .map(({ section, index }) => ({ id: section.name ?? `${type.replace('-', '_')}_${anonymous++}`, index, section }))
    .filter(({ id }) => /^[A-Za-z0-9_]{1,64}$/u.test(id));
}

/** What is configured and what is on the air, without a key. Pure. */
export function wifiStateOf(said: Pick<Sections, 'get'>): WifiState {
  const config = said.get('config');
  const running = parseWirelessStatus(said.get('status'));
  const radios = radiosUp(said.get('status'));
  const clients = parseAssociations(said.get('associations'));
  const anonymousOf = (section: UciSection) => section.name === null;
  return {
    radios: sectionsOf(config, 'wifi-device').map(({ id, section }) => ({
      section: id,
      band: bandOfRadio(section),
      channel: nameOf(section.options.get('channel')),
      enabled: isEnabled(section),
      up: radios.has(id),
    })),
    networks: sectionsOf(config, 'wifi-iface').flatMap(({ id, section }): WifiNetwork[] => {
      const { options } = section;
      const radio = options.get('device') ?? '';
      if (!/^[A-Za-z0-9_]{1,64}$/u.test(radio)) return [];
      const live = running.find((one) =>
        anonymousOf(section) ? one.radio === radio && one.ssid === options.get('ssid') : one.section === id,
      );
      return [
        {
          section: id,
          radio,
          interface: live?.interface ?? null,
          ssid: nameOf(options.get('ssid')) ?? '',
          mode: nameOf(options.get('mode')) ?? 'ap',
          encryption: encryptionOf(options.get('encryption')),
          encryptionText: nameOf(options.get('encryption')) ?? 'none',
          hasKey: (options.get('key') ?? '') !== '',
          enabled: isEnabled(section),
          up: live?.up === true && live.interface !== null,
          hidden: options.get('hidden') === '1',
          clients: clients.filter((client) => client.interface === live?.interface).map(({ mac }) => mac),
        },
      ];
    }),
  };
}

function isEnabled({ options }: UciSection): boolean {
  const disabled = options.get('disabled');
  return !(disabled === '1' || disabled === 'true' || disabled === 'on' || disabled === 'yes');
}

/** Since 21.02 a radio names its band; before, `hwmode` did. */
function bandOfRadio({ options }: UciSection): WifiBand | null {
  const band = options.get('band') ?? options.get('hwmode') ?? '';
  if (band === '2g' || band === '11g' || band === '11b') return '2.4';
  if (band === '5g' || band === '11a') return '5';
  return band === '6g' ? '6' : null;
}
