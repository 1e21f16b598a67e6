import type { Database } from '@netpilot/db/database.ts';
import type { AuditEvent as AuditEventRow } from '@netpilot/db/models/audit-event.ts';
import { AuditAction, type AuditEvent } from '../../../contract/audit.ts';
import type { PageQuery } from '../../../contract/page.ts';
import { type Actor, oversightScope, roleIn } from '../access/actor.ts';
import { authorise } from '../access/policy.ts';
import { afterCursor, toPage } from '../http/pages.ts';

export interface AuditReader {
  /** Newest first. @throws ProblemError `not_found` or `forbidden`. */
  ofOrganisation(
    actor: Actor,
    organisationId: string,
    query: PageQuery,
  ): Promise<{ items: AuditEvent[]; nextCursor: string | null }>;
}

/** @returns the reader of audit trails; writing is the audit log's. */
export function createAuditReader(database: Database): AuditReader {
  return {
    async ofOrganisation(actor, organisationId, { cursor, limit }) {
      authorise(actor, 'audit.read', { organisationId }, roleIn(actor, organisationId) !== null);
      const rows = await database.transaction(oversightScope(actor), (transaction) =>
        database.models.AuditEvent.findAll({
          where: { organisationId, ...afterCursor(cursor, 'at') },
          order: [
            ['at', 'DESC'],
            ['id', 'DESC'],
          ],
          limit: limit + 1,
          transaction,
        }),
      );
      return toPage(rows, limit, (row) => row.at, presentAuditEvent);
    },
  };
}

function presentAuditEvent(row: AuditEventRow): AuditEvent {
  return {
    id: row.id,
    at: row.at.toISOString(),
    action: AuditAction.parse(row.action),
    organisationId: row.organisationId,
    actorId: row.actorId,
    actorName: row.actorName,
    subjectId: row.subjectId,
    details: row.details,
  };
}
