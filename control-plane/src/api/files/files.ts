import type { Database } from '@netpilot/db/database.ts';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { AuditLog } from '../audit/audit-log.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import type { SessionReader } from '../sessions/reader.ts';
import type { SessionService } from '../sessions/service.ts';
import { browseRoutes } from './browse-routes.ts';
import { Downloads } from './downloads.ts';
import { FileChanges } from './file-changes.ts';
import { FileDesk } from './file-desk.ts';
import { type FileLimits, FileQuota } from './file-quota.ts';
import { FileVersions } from './file-versions.ts';
import { Passages } from './passages.ts';
import { Saves } from './saves.ts';
import { transferRoutes } from './transfer-routes.ts';
import { SessionWatch } from './session-watch.ts';
import { Uploads } from './uploads.ts';

export interface FileServiceOptions {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly audit: AuditLog;
  readonly sessions: Pick<SessionService, 'find' | 'on'>;
  readonly sessionReader: Pick<SessionReader, 'missing'>;
  readonly limits: FileLimits;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
}

/** The parts of everything that has to do with files; owner of what is under way. */
export interface FileService {
  readonly desk: FileDesk;
  readonly watch: SessionWatch;
  readonly changes: FileChanges;
  readonly downloads: Downloads;
  readonly saves: Saves;
  readonly uploads: Uploads;
  /** What moves bytes now, for whoever takes rights away. */
  readonly passages: Passages;
  close(): Promise<void>;
}

export function createFileService(options: FileServiceOptions): FileService {
  const { database, keyRing, audit, sessions, sessionReader, limits, log } = options;
  const watch = new SessionWatch(sessions);
  const passages = new Passages(new FileQuota(database, limits), watch);
  const versions = new FileVersions(database, keyRing);
  const uploads = new Uploads({ passages, watch, audit, log });
  return {
    desk: new FileDesk(sessions, sessionReader),
    watch,
    changes: new FileChanges(audit),
    downloads: new Downloads({ passages, audit, versions, log }),
    saves: new Saves({ passages, audit, versions }),
    uploads,
    passages,
    async close() {
      passages.close();
      await uploads.close();
      watch.close();
    },
  };
}

/** All routes of files, in a scope of their own: only here a body is a stream. */
export async function fileRoutes(instance: FastifyInstance, { files }: { readonly files: FileService }): Promise<void> {
  await browseRoutes(instance, files);
  await instance.register(async (streams) => transferRoutes(streams, files));
}
