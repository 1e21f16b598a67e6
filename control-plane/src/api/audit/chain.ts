import { createHash } from 'node:crypto';

/** An entry as it is hashed; `details` is the text that the database writes for its JSON. */
export interface ChainedEntry {
  readonly id: string;
  readonly at: Date;
  readonly organisationId: string | null;
  readonly actorId: string | null;
  readonly actorName: string | null;
  readonly subjectId: string | null;
  readonly action: string;
  readonly details: string;
}

/** What stands before the first entry of every chain. */
export const CHAIN_START: Buffer = Buffer.alloc(32);

/**
 * The hash of a place in a chain: SHA-256 of the hash before it and of every field behind its length in bytes, so that no two entries are
 * written the same. The database computes the same when an entry is committed (`audit_digest` of migration 0002).
 */
export function digestOf(previous: Buffer, position: number, entry: ChainedEntry): Buffer {
  const fields = [
    String(position),
    entry.id,
    String(entry.at.getTime()),
    entry.organisationId,
    entry.actorId,
    entry.actorName,
    entry.subjectId,
    entry.action,
    entry.details,
  ];
  return createHash('sha256').update(previous).update(fields.map(field).join('')).digest();
}

function field(value: string | null): string {
  return value === null ? '-,' : `${Buffer.byteLength(value)}:${value},`;
}
