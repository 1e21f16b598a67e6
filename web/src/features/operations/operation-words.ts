import type { OperationName } from '@netpilot/control-plane/contract/operations/catalogue.ts';

const WORDS: Record<OperationName, string> = {
  'devices.scan': 'Looking for devices',
  'access.read': 'Reading blocks and limits',
  'access.block': 'Blocking',
  'access.unblock': 'Unblocking',
  'access.list': 'Changing a list',
  'access.rates': 'Changing rates',
  'access.mode': 'Changing the mode',
  'access.group': 'Changing a group',
  'access.delete_group': 'Deleting a group',
  'access.known': 'Telling guests apart',
  'access.apply': 'Applying what is set here',
  'wifi.read': 'Reading the Wi-Fi',
  'wifi.preview': 'Looking who would be cut off',
  'wifi.change': 'Changing the Wi-Fi',
  'speedtest.tools': 'Looking for tools',
  'speedtest.run': 'Speed test',
  'usage.read': 'Reading usage',
  'usage.periods': 'Reading periods',
  'usage.start': 'Beginning to count usage',
  'status.read': 'Reading the status',
  'reset.preview': 'Looking what a reset would remove',
  'reset.run': 'Removing what NetPilot put there',
  'config.export': 'Backup of the configuration',
  'config.preview': 'Comparing a backup',
  'config.apply': 'Restoring a backup',
  'router.reboot': 'Restarting the router',
  'packages.read': 'Reading packages',
  'packages.install': 'Installing packages',
  'packages.remove': 'Removing packages',
};

/** Operations in words; one that is not in it belongs to a newer bastion. */
export const OPERATION_WORDS: Readonly<Record<string, string>> = WORDS;
