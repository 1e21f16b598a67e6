import type { Transaction } from 'sequelize';
import type { Database } from '@netpilot/db/database.ts';
import type { AuditAction } from '../../../contract/audit.ts';
import type { Actor } from '../access/actor.ts';
import type { AuditAnchors } from './anchors.ts';

export interface AuditEntry {
  readonly action: AuditAction;
  /** Null for what belongs to no organisation, such as a sign-in. */
  readonly organisationId: string | null;
  /** Null when nobody is signed in: a router's own enrolment, a limit that ends a session. */
  readonly actor: Pick<Actor, 'userId' | 'name'> | null;
  readonly subjectId?: string | null;
  /** Flat, without secrets. */
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
}

export interface AuditLog {
  /**
   * Appends an event. With a transaction it stands or falls with it; without one it is written at once.
   * @throws whatever the database says: the caller must not report an effect that could not be recorded.
   */
  record(entry: AuditEntry, transaction?: Transaction): Promise<void>;
}

/**
 * @param anchors told of each chain that grows.
 * @returns the audit log over the database.
 */
export function createAuditLog(database: Database, anchors: Pick<AuditAnchors, 'grew'>): AuditLog {
  const write = async (entry: AuditEntry, transaction: Transaction) => {
    anchors.grew(entry.organisationId);
    await database.models.AuditEvent.create(
      {
        action: entry.action,
        organisationId: entry.organisationId,
        actorId: entry.actor?.userId ?? null,
        actorName: entry.actor?.name ?? null,
        subjectId: entry.subjectId ?? null,
        details: { ...entry.details },
      },
      // The row may be one that the transaction's scope cannot read back, such as a sign-in without an organisation.
      { transaction, returning: false },
    );
  };
  return {
    async record(entry, transaction) {
      if (transaction !== undefined) return write(entry, transaction);
      await database.transaction({ organisations: 'all', userId: null }, (own) => write(entry, own));
    },
  };
}
