import type { Database } from '@netpilot/db/database.ts';
import type { AuditEvent as AuditEventRow } from '@netpilot/db/models/audit-event.ts';
import { Op } from 'sequelize';
import { AuditAction, type AuditEvent, type AuditFilter, type AuditQuery } from '../../../contract/audit.ts';
import { type Actor, oversightScope, roleIn } from '../access/actor.ts';
import { authorise } from '../access/policy.ts';
import { afterCursor, toPage } from '../http/pages.ts';
import type { ExportedEvent } from './export.ts';
import { whereOf } from './filter.ts';

/** Entries read at once for an export. */
const BATCH = 500;
const NEWEST_FIRST: [string, string][] = [
  ['at', 'DESC'],
  ['id', 'DESC'],
];

export interface AuditPage {
  items: AuditEvent[];
  nextCursor: string | null;
}

/** Whose trail: an organisation's, or everybody's for the platform administrator, what belongs to no organisation included. */
export type TrailOf = string | 'all';

/** Reads audit trails, the newest entry first; writing is the audit log's. */
export class AuditReader {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @throws ProblemError `not_found` or `forbidden`. */
  async page(actor: Actor, trail: TrailOf, { cursor, limit, ...filter }: AuditQuery): Promise<AuditPage> {
    this.mayRead(actor, trail);
    const rows = await this.#read(actor, trail, filter, cursor, limit + 1);
    return toPage(rows, limit, (row) => row.at, presentAuditEvent);
  }

  /** Everything that fits, in batches; reads on only as fast as it is asked. Call {@link AuditReader.mayRead} first. */
  async *batches(actor: Actor, trail: TrailOf, filter: AuditFilter): AsyncGenerator<ExportedEvent[]> {
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const rows = await this.#read(actor, trail, filter, cursor, BATCH + 1);
      const page: { items: ExportedEvent[]; nextCursor: string | null } = toPage(
        rows,
        BATCH,
        (row) => row.at,
        presentExported,
      );
      cursor = page.nextCursor;
      if (page.items.length > 0) yield page.items;
    }
  }

  /** @throws ProblemError `not_found` or `forbidden`. */
  mayRead(actor: Actor, trail: TrailOf): void {
    if (trail === 'all') return;
    authorise(actor, 'audit.read', { organisationId: trail }, roleIn(actor, trail) !== null);
  }

  #read(
    actor: Actor,
    trail: TrailOf,
    filter: AuditFilter,
    cursor: string | undefined,
    limit: number,
  ): Promise<AuditEventRow[]> {
    const conditions = [trail === 'all' ? {} : { organisationId: trail }, afterCursor(cursor, 'at'), whereOf(filter)];
    return this.#database.transaction(oversightScope(actor), (transaction) =>
      this.#database.models.AuditEvent.findAll({
        where: { [Op.and]: conditions },
        include: 'link',
        order: NEWEST_FIRST,
        limit,
        transaction,
      }),
    );
  }
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

function presentExported(row: AuditEventRow): ExportedEvent {
  return {
    ...presentAuditEvent(row),
    position: row.link === undefined ? null : Number(row.link.position),
    hash: row.link?.hash.toString('hex') ?? null,
  };
}
