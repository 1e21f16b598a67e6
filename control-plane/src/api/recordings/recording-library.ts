import type { Database } from '@netpilot/db/database.ts';
import type { Recording as RecordingRow } from '@netpilot/db/models/recording.ts';
import type { AuditEntry, AuditLog } from '../audit/audit-log.ts';
import type { Bucket } from './bucket.ts';
import type { Progress } from './presenter.ts';
import type { RecordingDirectory } from './recording-directory.ts';
import type { RecordingSource } from './recording-source.ts';
import type { DirectoryStore } from './recording-store.ts';

export interface RecordingLibraryOptions {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly directory: RecordingDirectory;
  readonly store: DirectoryStore;
  readonly bucket: Bucket | null;
}

/** Recordings wherever they are kept: being written, in the directory, in the bucket. */
export class RecordingLibrary {
  readonly #options: RecordingLibraryOptions;

  constructor(options: RecordingLibraryOptions) {
    this.#options = options;
  }

  /** How far a recording is that is being written here; null for any other. */
  progress(id: string): Progress | null {
    return this.#options.store.live(id);
  }

  /** @returns null when its file is not there. The caller closes the source. */
  async open(row: Pick<RecordingRow, 'id' | 'startedAt' | 'place'>): Promise<RecordingSource | null> {
    const { directory, bucket } = this.#options;
    if (row.place === 'bucket') return bucket === null ? null : bucket.open(row.id);
    const file = await directory.open(row, 'read');
    if (file === null) return null;
    // What is behind it is a write under way.
    const size = this.progress(row.id)?.size ?? (await file.size());
    return {
      size,
      stream: (from = 0, to = size) => file.stream(from, Math.min(to, size)),
      close: () => file.close(),
    };
  }

  /** Deletes the file and says so in the row and the audit trail; all of it or, when something fails, to be tried again. */
  async remove(row: RecordingRow, entry: AuditEntry): Promise<void> {
    const { database, audit, directory, bucket } = this.#options;
    const scope = { organisations: [row.organisationId], userId: null };
    await database.transaction(scope, async (transaction) => {
      await row.update({ state: 'deleted', fileBytes: '0' }, { transaction });
      await audit.record(entry, transaction);
      if (row.place === 'bucket') await bucket?.remove(row.id);
      await directory.remove(row);
    });
  }
}
