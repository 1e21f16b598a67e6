import type { Me } from '@netpilot/control-plane/contract/people.ts';
import {
  type Icon,
  IconBuilding,
  IconEye,
  IconMovie,
  IconRouter,
  IconTerminal2,
  IconUserCircle,
  IconUsers,
} from '@tabler/icons-react';
import { paths } from '../routes/paths.ts';

export interface Destination {
  to: string;
  label: string;
  Icon: Icon;
}

/** @returns where this person can go, the most used first. */
export function destinations(me: Me): Destination[] {
  const oversees = me.platformAdministrator || me.memberships.some(({ role }) => role === 'owner' || role === 'admin');
  return [
    { to: paths.routers(), label: 'Routers', Icon: IconRouter },
    { to: paths.sessions(), label: 'Sessions', Icon: IconTerminal2 },
    { to: paths.recordings(), label: 'Recordings', Icon: IconMovie },
    { to: paths.organisations(), label: 'Organisations', Icon: IconBuilding },
    ...(oversees ? [{ to: paths.oversight(), label: 'Oversight', Icon: IconEye }] : []),
    ...(me.platformAdministrator ? [{ to: paths.users(), label: 'Users', Icon: IconUsers }] : []),
    { to: paths.account(), label: 'Account', Icon: IconUserCircle },
  ];
}

/** Places in the bottom bar of a phone; the rest is behind "More". */
export const BOTTOM_PLACES = 3;
