import type { Database } from '@netpilot/db/database.ts';
import type { Logger } from 'pino';
import type { AuditLog } from '../audit/audit-log.ts';
import { type ApiConfig, ConfigError } from '../config.ts';
import { RecordingDirectory } from './recording-directory.ts';
import { RecordingRows } from './recording-rows.ts';
import { DirectoryStore } from './recording-store.ts';
import { type SigningKey, createSigningKey } from './signing-key.ts';

export interface RecordingsOptions {
  readonly config: ApiConfig['recordings'];
  readonly database: Database;
  readonly audit: AuditLog;
  readonly log: Logger;
}

/** Everything about recordings that others use. */
export interface Recordings {
  readonly store: DirectoryStore;
  readonly key: SigningKey;
  /** Lets go of what is open; recordings go on in the next process. */
  close(): Promise<void>;
}

/** Builds the recordings. @throws ConfigError when the key is none. */
export function createRecordings({ config, database, audit, log }: RecordingsOptions): Recordings {
  const key = signingKey(config.key);
  const directory = new RecordingDirectory(config.directory);
  const rows = new RecordingRows(database);
  const store = new DirectoryStore({ directory, rows, key, audit, log, maxBytes: config.maxBytes });
  return {
    store,
    key,
    close: () => store.close(),
  };
}

function signingKey(pem: string): SigningKey {
  try {
    return createSigningKey(pem);
  } catch (cause) {
    throw new ConfigError(`NETPILOT_RECORDING_KEY_FILE: ${(cause as Error).message}`, { cause });
  }
}
