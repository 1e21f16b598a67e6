import { fieldsOf, jsonOf, listOf, nameOf } from '../text.ts';

/** A network as netifd runs it. */
export interface WirelessInterface {
  readonly radio: string;
  readonly section: string | null;
  readonly interface: string | null;
  readonly ssid: string;
  /** Its radio is up and not waiting for anything. */
  readonly up: boolean;
}

/**
 * Reads `ubus call network.wireless status`. That answer holds the keys of Wi-Fi in clear: nothing but what is named here may be taken from it.
 */
export function parseWirelessStatus(text: string): WirelessInterface[] {
  const found: WirelessInterface[] = [];
  for (const [radio, value] of Object.entries(fieldsOf(jsonOf(text))).slice(0, 16)) {
    const status = fieldsOf(value);
    const up = status.up === true && status.pending !== true;
    for (const entry of listOf(status.interfaces, 16).map(fieldsOf)) {
      const ssid = nameOf(fieldsOf(entry.config).ssid) ?? '';
      found.push({ radio, section: nameOf(entry.section), interface: nameOf(entry.ifname), ssid, up });
    }
  }
  return found;
}

/** Radios that are on the air. */
export function radiosUp(text: string): ReadonlySet<string> {
  const radios = Object.entries(fieldsOf(jsonOf(text))).slice(0, 16);
  return new Set(radios.filter(([, value]) => fieldsOf(value).up === true).map(([radio]) => radio));
}
