import type { AuditEvent, AuditExportQuery } from '../../../contract/audit.ts';
import { csvLine } from './csv.ts';

/** An entry with its place in the chain, so that a copy kept elsewhere can be compared with the trail later. */
export interface ExportedEvent extends AuditEvent {
  readonly position: number | null;
  /** Hexadecimal. */
  readonly hash: string | null;
}

export const EXPORT_TYPES: Readonly<Record<AuditExportQuery['format'], string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/jsonl; charset=utf-8',
};

const COLUMNS = ['at', 'action', 'actor', 'actor_id', 'subject_id', 'organisation_id', 'details', 'position', 'hash'];

/** Writes entries as they come, in pieces of whole lines. */
export async function* exportLines(
  batches: AsyncIterable<readonly ExportedEvent[]>,
  format: AuditExportQuery['format'],
): AsyncGenerator<string> {
  if (format === 'csv') yield csvLine(COLUMNS);
  for await (const batch of batches) {
    yield batch.map((event) => (format === 'csv' ? csvRow(event) : `${jsonLine(event)}\n`)).join('');
  }
}

/** JSON leaves C1 controls, line separators and bidirectional overrides as they are: a terminal or an editor must not meet them. */
function jsonLine(event: ExportedEvent): string {
  return JSON.stringify(event).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (one) =>
    one.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

function csvRow({ at, action, actorName, actorId, subjectId, organisationId, details, position, hash }: ExportedEvent) {
  return csvLine([at, action, actorName, actorId, subjectId, organisationId, JSON.stringify(details), position, hash]);
}
