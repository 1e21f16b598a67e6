import type { Database } from '@netpilot/db/database.ts';
import type { Logger } from 'pino';
import type { AuditLog } from '../audit/audit-log.ts';
import { type ApiConfig, ConfigError } from '../config.ts';
import { Bucket } from './bucket.ts';
import { RecordingDirectory } from './recording-directory.ts';
import { RecordingLibrary } from './recording-library.ts';
import { RecordingRows } from './recording-rows.ts';
import { DirectoryStore } from './recording-store.ts';
import { RecordingSweep } from './recording-sweep.ts';
import { RecordingService, type ScreenHidden } from './service.ts';
import { type SigningKey, createSigningKey } from './signing-key.ts';

export interface RecordingsOptions {
  readonly config: ApiConfig['recordings'];
  readonly key: SigningKey;
  readonly database: Database;
  readonly audit: AuditLog;
  readonly log: Logger;
  readonly screenHidden: ScreenHidden;
}

/** Everything about recordings that others use. */
export interface Recordings {
  readonly store: DirectoryStore;
  readonly service: RecordingService;
  readonly key: SigningKey;
  /** Takes up what an earlier process left. */
  start(): void;
  /** Lets go of what is open; recordings go on in the next process. */
  close(): Promise<void>;
}

/** Builds the recordings; nothing runs before `start`. */
export function createRecordings(options: RecordingsOptions): Recordings {
  const { config, key, database, audit, log, screenHidden } = options;
  const directory = new RecordingDirectory(config.directory);
  const rows = new RecordingRows(database);
  const bucket = config.bucket === null ? null : new Bucket(config.bucket);
  const onEnded = () => sweep.wake();
  const store = new DirectoryStore({ directory, rows, key, audit, log, maxBytes: config.maxBytes, onEnded });
  const library = new RecordingLibrary({ database, audit, directory, store, bucket });
  const sweep = new RecordingSweep({ rows, directory, library, store, bucket, audit, log });
  const service = new RecordingService({ database, audit, library, key, screenHidden });
  return {
    store,
    service,
    key,
    start: () => sweep.start(),
    async close() {
      await sweep.close();
      await store.close();
    },
  };
}

/** @throws ConfigError when it is none. */
export function readSigningKey(pem: string): SigningKey {
  try {
    return createSigningKey(pem);
  } catch (cause) {
    throw new ConfigError(`NETPILOT_RECORDING_KEY_FILE: ${(cause as Error).message}`, { cause });
  }
}
