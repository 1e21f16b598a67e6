import { QueryTypes, type Transaction } from 'sequelize';
import type { Database } from './database.ts';

/** The chain of an organisation, or the one of what belongs to none. */
export type ChainOf = string | null;

/** A place in a chain and the entry that it is of, as text where the digest is made of text; `id` is null when the entry is gone. */
export interface ChainPlace {
  readonly position: number;
  readonly hash: Buffer;
  readonly eventId: string;
  readonly id: string | null;
  readonly at: Date;
  readonly organisationId: string | null;
  readonly actorId: string | null;
  readonly actorName: string | null;
  readonly subjectId: string | null;
  readonly action: string;
  /** As the database writes its JSON. */
  readonly details: string;
}

/** The chain as an index finds it: one key for each organisation, and one for none. */
const CHAIN = `coalesce(organisation_id, '00000000-0000-0000-0000-000000000000')`;
const NONE = '00000000-0000-0000-0000-000000000000';

/** @returns the places of a chain behind `after`, in order, at most `limit`. The scope of the transaction decides what is seen. */
export async function readChain(
  database: Database,
  chain: ChainOf,
  after: number,
  limit: number,
  transaction: Transaction,
): Promise<ChainPlace[]> {
  const rows = await database.models.AuditLink.sequelize?.query<Omit<ChainPlace, 'position'> & { position: string }>(
    `select l.position, l.hash, l.event_id as "eventId", e.id, e.at, e.organisation_id as "organisationId",
       e.actor_id as "actorId", e.actor_name as "actorName", e.subject_id as "subjectId", e.action, e.details::text as details
     from (select * from audit_links where ${CHAIN} = $1 and position > $2 order by position limit $3) l
     left join audit_events e on e.id = l.event_id order by l.position`,
    { bind: [chain ?? NONE, after, limit], transaction, type: QueryTypes.SELECT },
  );
  return (rows ?? []).map((row) => ({ ...row, position: Number(row.position) }));
}

/** @returns the last place of a chain; null while it is empty. */
export async function readHead(
  database: Database,
  chain: ChainOf,
  transaction: Transaction,
): Promise<{ position: number; hash: Buffer } | null> {
  const rows = await database.models.AuditLink.sequelize?.query<{ position: string; hash: Buffer }>(
    `select position, hash from audit_links where ${CHAIN} = $1 order by position desc limit 1`,
    { bind: [chain ?? NONE], transaction, type: QueryTypes.SELECT },
  );
  const head = rows?.[0];
  return head === undefined ? null : { position: Number(head.position), hash: head.hash };
}

/** @returns whether there is an entry of this chain that no place is of: written while the trigger was off. */
export async function hasUnchained(database: Database, chain: ChainOf, transaction: Transaction): Promise<boolean> {
  const rows = await database.models.AuditLink.sequelize?.query<object>(
    `select 1 from audit_events e where e.organisation_id is not distinct from $1::uuid
       and not exists (select from audit_links l where l.event_id = e.id) limit 1`,
    { bind: [chain], transaction, type: QueryTypes.SELECT },
  );
  return (rows?.length ?? 0) > 0;
}

/** @returns every chain that has an entry, the one of what belongs to no organisation first. */
export async function readChains(database: Database, transaction: Transaction): Promise<ChainOf[]> {
  const rows = await database.models.AuditLink.sequelize?.query<{ organisationId: string | null }>(
    `select organisation_id as "organisationId" from audit_links where position = 1 order by organisation_id nulls first`,
    { transaction, type: QueryTypes.SELECT },
  );
  return (rows ?? []).map(({ organisationId }) => organisationId);
}
