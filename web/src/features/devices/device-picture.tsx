import type { Device, DeviceKind } from '@netpilot/control-plane/contract/devices.ts';
import {
  type Icon,
  IconBulb,
  IconCamera,
  IconDeviceDesktop,
  IconDeviceGamepad2,
  IconDeviceLaptop,
  IconDeviceMobile,
  IconDeviceSpeaker,
  IconDeviceTablet,
  IconDeviceTv,
  IconDeviceUnknown,
  IconDeviceWatch,
  IconPrinter,
  IconRouter,
  IconServer,
  IconWashMachine,
} from '@tabler/icons-react';
import { guessKind } from './device-words.ts';

export const KIND_ICONS: Record<DeviceKind, Icon> = {
  phone: IconDeviceMobile,
  tablet: IconDeviceTablet,
  laptop: IconDeviceLaptop,
  computer: IconDeviceDesktop,
  tv: IconDeviceTv,
  speaker: IconDeviceSpeaker,
  console: IconDeviceGamepad2,
  watch: IconDeviceWatch,
  camera: IconCamera,
  printer: IconPrinter,
  appliance: IconWashMachine,
  light: IconBulb,
  server: IconServer,
  router: IconRouter,
  other: IconDeviceUnknown,
};

/** The picture of a device with its presence; the words beside it say the same. */
export function DevicePicture({ device }: { device: Device }) {
  const Picture = KIND_ICONS[device.icon ?? device.kind ?? guessKind(device)];
  return (
    <span className="np-picture" data-away={!device.online || undefined} aria-hidden>
      <Picture size={24} />
      <span className="np-dot" data-tone={device.online ? 'good' : 'idle'} />
    </span>
  );
}
