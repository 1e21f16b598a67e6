import { WIFI_ENCRYPTIONS, type WifiEncryption } from '@netpilot/control-plane/contract/operations/wifi.ts';

/** @param text the option as configured, e.g. `psk2+ccmp`; a cipher after `+` does not matter here. */
export function encryptionOf(text: string | undefined): WifiEncryption {
  const kind = (text ?? 'none').split('+')[0] ?? '';
  if (kind === 'owe') return 'other';
  if (kind === 'psk+psk2') return 'psk-mixed';
  return WIFI_ENCRYPTIONS.find((known) => known === kind) ?? 'other';
}

/** True when `to` protects less than `from`. What we do not know counts as strong, WEP excepted: anything is better. */
export function isWeaker(from: string | undefined, to: WifiEncryption): boolean {
  const present = encryptionOf(from);
  if (to === 'other') return false;
  const rank = WIFI_ENCRYPTIONS.indexOf(to);
  if (present === 'other') return (from ?? '').startsWith('wep') ? to === 'none' : to !== 'sae';
  return rank < WIFI_ENCRYPTIONS.indexOf(present);
}

/** Whether a network of this kind needs a key. */
export function needsKey(encryption: WifiEncryption): boolean {
  return encryption !== 'none' && encryption !== 'other';
}
