import { randomUUID } from 'node:crypto';
import type { FileChange, FileChanged, FileStat } from '../../../contract/files.ts';
import { printablePath } from '../../../contract/printable.ts';
import type { AuditEntry, AuditLog } from '../audit/audit-log.ts';
import { ProblemError } from '../errors.ts';
import { whileLive } from '../sessions/while-live.ts';
import { type OpenFiles, unlessVanished } from './file-desk.ts';

/** Creates, renames, copies, deletes and changes modes; each with an audit entry before it and one with what became of it. */
export class FileChanges {
  readonly #audit: AuditLog;

  constructor(audit: AuditLog) {
    this.#audit = audit;
  }

  /** @throws ProblemError `file_…`, `sandbox_failed`; what the database throws, before anything is changed. */
  async change(open: OpenFiles, change: FileChange, signal: AbortSignal): Promise<FileChanged> {
    const { files } = open;
    const before = await whileLive(open.session, files.stat({ path: change.path, follow: false })).catch(
      unlessVanished,
    );
    const record = this.#recorder(open, change, before);
    await record('file_change_started', {});
    try {
      const changed = await whileLive(open.session, files.change(change, signal));
      await record('file_change_ended', { result: 'done', reason: null });
      return changed;
    } catch (error) {
      const reason = error instanceof ProblemError ? error.code : 'internal';
      await record('file_change_ended', {
        result: signal.aborted || open.session.over.aborted ? 'cut' : 'failed',
        reason,
      });
      throw error;
    }
  }

  #recorder({ session, actor }: OpenFiles, change: FileChange, before: FileStat | null) {
    const { identity } = session;
    const common = { organisationId: identity.organisationId, actor, subjectId: identity.id };
    const details = {
      router: identity.routerName,
      change: change.type,
      path: printablePath(change.path),
      to: 'to' in change ? printablePath(change.to) : null,
      mode: 'mode' in change ? change.mode.toString(8).padStart(4, '0') : null,
      type: before?.type ?? null,
      size: before?.type === 'file' ? before.size : null,
      id: randomUUID(),
    };
    return (action: AuditEntry['action'], more: { readonly result?: string; readonly reason?: string | null }) =>
      this.#audit.record({ ...common, action, details: { ...details, ...more } });
  }
}
