import {
  type Icon,
  IconActivity,
  IconAdjustments,
  IconChartBar,
  IconDevices,
  IconGauge,
  IconHistory,
  IconSettings,
  IconUsersGroup,
  IconWifi,
} from '@tabler/icons-react';

/** The parts of a router's network pages, the most used first. */
export const SECTIONS = [
  { id: 'overview', label: 'Overview', Icon: IconActivity },
  { id: 'devices', label: 'Devices', Icon: IconDevices },
  { id: 'groups', label: 'Groups', Icon: IconUsersGroup },
  { id: 'limits', label: 'Limits', Icon: IconAdjustments },
  { id: 'wifi', label: 'Wi-Fi', Icon: IconWifi },
  { id: 'speed', label: 'Speed test', Icon: IconGauge },
  { id: 'usage', label: 'Usage', Icon: IconChartBar },
  { id: 'system', label: 'System', Icon: IconSettings },
  { id: 'history', label: 'History', Icon: IconHistory },
] as const satisfies readonly { id: string; label: string; Icon: Icon }[];

export type SectionId = (typeof SECTIONS)[number]['id'];
