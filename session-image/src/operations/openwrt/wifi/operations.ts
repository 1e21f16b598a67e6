import type { WifiChangeInput, WifiState } from '@netpilot/control-plane/contract/operations/wifi.ts';
import type { Driver, OperationContext } from '../../driver.ts';
import { OperationFailure, routerSaid } from '../../problem.ts';
import type { Runner } from '../../runner.ts';
import { applyChange } from '../change.ts';
import { ASSOCIATIONS } from '../devices/scan.ts';
import { withOption } from '../uci-text.ts';
import { encryptionOf, isWeaker, needsKey } from './encryption.ts';
import { sectionsOf, wifiStateOf } from './wifi-state.ts';

const WIFI_PARTS = {
  present: '[ -e /etc/config/wireless ] && echo yes',
  config: 'cat /etc/config/wireless 2>/dev/null',
  status: 'ubus call network.wireless status 2>/dev/null',
  associations: ASSOCIATIONS,
} as const;

/** Seconds that a radio has to come up again before the change counts as failed; radar channels take longer and are not waited for. */
const UP_SECONDS = 12;
/** Seconds until the radios know of their reload: before, they still tell of how they were. */
const SETTLE_SECONDS = 2;

interface WifiSituation {
  readonly config: string;
  readonly state: WifiState;
}

async function readWifi(router: Runner): Promise<WifiSituation> {
  const said = await router.gather(WIFI_PARTS);
  if (said.get('present').trim() !== 'yes')
    throw new OperationFailure({ code: 'unsupported', detail: 'This router has no Wi-Fi.' });
  return { config: said.get('config'), state: wifiStateOf(said) };
}

type WifiDriver = Pick<Driver, 'wifi.read' | 'wifi.preview' | 'wifi.change'>;

/** Radios and networks. A key goes to the router and never comes back. */
export const wifiOperations: WifiDriver = {
  'wifi.read': async (_input, { router }) => (await readWifi(router)).state,
  'wifi.preview': async (input, { router }) => {
    const situation = await readWifi(router);
    withWifiChanges(situation.config, input);
    return consequencesOf(situation.state, input);
  },
  'wifi.change': async (input, context) => {
    context.progress('Reading the router');
    const before = await readWifi(context.router);
    const config = withWifiChanges(before.config, input);
    const { cutOff, warnings } = consequencesOf(before.state, input);
    if (config === before.config) return { outcome: 'unchanged', warnings: [], cutOff: [], ...before.state };
    const state = await applyWifi(context, before, config);
    return { outcome: 'confirmed', warnings, cutOff, ...state };
  },
};

async function applyWifi(
  { router, progress }: OperationContext,
  before: WifiSituation,
  config: string,
): Promise<WifiState> {
  progress('Applying the change');
  let { state } = before;
  await applyChange(router, {
    files: [{ path: '/etc/config/wireless', content: config, before: before.config }],
    reload: ['wifi'],
    settleSeconds: SETTLE_SECONDS,
    verify: async () => {
      progress('Waiting for the radios');
      const end = Date.now() + UP_SECONDS * 1_000;
      for (;;) {
        ({ state } = await readWifi(router));
        const missing = state.radios.filter(
          ({ section, enabled, up }) =>
            enabled && !up && before.state.radios.some((radio) => radio.section === section && radio.up),
        );
        if (missing.length === 0) return;
        if (Date.now() > end)
          throw routerSaid(`${missing.map(({ section }) => section).join(', ')} did not come up.`, null);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    },
  });
  return state;
}

/**
 * The configuration with the changes in it; all else stays byte for byte. Pure.
 * @throws OperationFailure `not_found`, `invalid_value`.
 */
export function withWifiChanges(config: string, { radios, networks, allowWeaker }: WifiChangeInput): string {
  let text = config;
  const find = (type: 'wifi-device' | 'wifi-iface', id: string) => {
    const found = sectionsOf(text, type).find((section) => section.id === id);
    if (!found) throw new OperationFailure({ code: 'not_found', detail: `There is no ${id} on this router.` });
    return found;
  };
  // An option that says so already is left as it is: a change that changes nothing must not restart the radios.
  const set = (type: 'wifi-device' | 'wifi-iface', id: string, key: string, value: string | null) => {
    const { index, section } = find(type, id);
    if ((section.options.get(key) ?? null) !== value) text = withOption(text, index, key, value);
  };
  const enable = (type: 'wifi-device' | 'wifi-iface', id: string, enabled: boolean) => {
    const present = find(type, id).section.options.get('disabled') ?? '0';
    if ((present === '0') !== enabled) set(type, id, 'disabled', enabled ? '0' : '1');
  };
  for (const { section, enabled } of radios) enable('wifi-device', section, enabled);
  for (const change of networks) {
    const { options } = find('wifi-iface', change.section).section;
    const present = options.get('encryption');
    const encryption = change.encryption ?? encryptionOf(present);
    if (change.encryption !== undefined && !allowWeaker && isWeaker(present, change.encryption))
      throw invalid('encryption', `${change.encryption} protects less than ${encryptionOf(present)}.`);
    if (needsKey(encryption) && change.key === undefined && (options.get('key') ?? '') === '')
      throw invalid('key', 'This network needs a key.');
    if (change.key !== undefined && encryption === 'none') throw invalid('key', 'An open network has no key.');
    if (change.key?.length === 64 && (encryption === 'sae' || encryption === 'sae-mixed'))
      throw invalid('key', 'WPA3 takes a passphrase, no raw key.');
    if (change.enabled !== undefined) enable('wifi-iface', change.section, change.enabled);
    if (change.ssid !== undefined) set('wifi-iface', change.section, 'ssid', change.ssid);
    if (change.key !== undefined) set('wifi-iface', change.section, 'key', change.key);
    if (change.encryption !== undefined && change.encryption !== encryptionOf(present))
      set('wifi-iface', change.section, 'encryption', change.encryption);
  }
  return text;
}

function invalid(field: string, detail: string): OperationFailure {
  return new OperationFailure({ code: 'invalid_value', field, detail });
}

/** Who is on a network that changes; wireless reload restarts the whole radio, so all on it count. Pure. */
export function consequencesOf(state: WifiState, { radios, networks }: WifiChangeInput) {
  const touched = new Set(radios.map(({ section }) => section));
  for (const { section } of networks) {
    const radio = state.networks.find((network) => network.section === section)?.radio;
    if (radio !== undefined) touched.add(radio);
  }
  const cutOff = [
    ...new Set(state.networks.filter(({ radio }) => touched.has(radio)).flatMap(({ clients }) => clients)),
  ];
  const warnings: string[] = [];
  if (cutOff.length > 0) warnings.push(`${cutOff.length} devices on Wi-Fi are cut off and have to join again.`);
  const renewed = networks.some(({ ssid, key, encryption }) => ssid ?? key ?? encryption);
  if (renewed) warnings.push('Devices that know the former name or key do not join by themselves.');
  return { cutOff: cutOff.slice(0, 1_024), warnings };
}
