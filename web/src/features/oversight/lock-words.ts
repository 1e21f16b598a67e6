import type { Lock, LockTarget } from '@netpilot/control-plane/contract/oversight.ts';

const KINDS: Record<LockTarget['type'], string> = {
  user: 'Person',
  router: 'Router',
  organisation: 'Organisation',
  role: 'Everybody with the role',
};

/** @returns what a lock holds, in words. */
export function lockedThing({ target, targetName }: Pick<Lock, 'target' | 'targetName'>): string {
  return `${KINDS[target.type]} ${targetName}`;
}

/** How long a lock may stand, in hours; null: until it is lifted. */
export const LOCK_TIMES: readonly { readonly value: string; readonly label: string; readonly hours: number | null }[] =
  [
    { value: '1', label: 'One hour', hours: 1 },
    { value: '8', label: 'Eight hours', hours: 8 },
    { value: '24', label: 'One day', hours: 24 },
    { value: '168', label: 'One week', hours: 168 },
    { value: 'none', label: 'Until it is lifted', hours: null },
  ];
