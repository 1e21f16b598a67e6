import type { Driver } from '../driver.ts';
import { accessOperations } from './access/operations.ts';
import { configurationOperations } from './configuration.ts';
import { scan } from './devices/scan.ts';
import { packageOperations } from './packages.ts';
import { reboot } from './reboot.ts';
import { resetOperations } from './reset.ts';
import { speedTestOperations } from './speed-test.ts';
import { readStatus } from './status.ts';
import { usageOperations } from './usage.ts';
import { wifiOperations } from './wifi/operations.ts';

/** OpenWrt, 21.02 and later. */
export const openwrt: Driver = {
  'devices.scan': scan,
  'status.read': readStatus,
  ...accessOperations,
  ...wifiOperations,
  ...speedTestOperations,
  ...usageOperations,
  ...resetOperations,
  ...configurationOperations,
  ...packageOperations,
  'router.reboot': reboot,
};
