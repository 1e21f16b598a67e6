import type { Lock as LockRow } from '@netpilot/db/models/lock.ts';
import type { Lock, LockTarget } from '../../../contract/oversight.ts';

/** @returns a lock as those who may lift it see it. */
export function presentLock(row: LockRow): Lock {
  return {
    id: row.id,
    organisationId: row.organisationId,
    target: targetOf(row),
    targetName: row.targetName,
    message: row.message,
    createdAt: row.createdAt.toISOString(),
    createdBy: row.createdByName,
    expiresAt: row.expiresAt?.toISOString() ?? null,
  };
}

function targetOf({ target, userId, routerId, role }: LockRow): LockTarget {
  // The database holds each column where its target needs it.
  if (target === 'user' && userId !== null) return { type: 'user', userId };
  if (target === 'router' && routerId !== null) return { type: 'router', routerId };
  if (target === 'role' && role !== null) return { type: 'role', role };
  return { type: 'organisation' };
}
