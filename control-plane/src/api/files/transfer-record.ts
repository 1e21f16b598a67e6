import { createHash, randomUUID } from 'node:crypto';
import { printablePath } from '../../../contract/printable.ts';
import type { RouterPath } from '../../../contract/router-path.ts';
import type { Actor } from '../access/actor.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { SessionIdentity } from '../sessions/session-identity.ts';

/** What moves, seen from the person. */
export interface TransferPlan {
  readonly identity: SessionIdentity;
  readonly actor: Actor;
  readonly direction: 'download' | 'upload';
  readonly what: 'content' | 'archive' | 'followed' | 'saved' | 'version';
  readonly path: RouterPath;
  /** First byte; more than 0 for a range, and for an upload that goes on. */
  readonly offset: number;
  /** Bytes that are to move; null when nobody can say. */
  readonly size: number | null;
}

/** `done`: all of it; `stopped`: the person ended what has no end; `cut`: the line, the session or a right went; `failed`: the router. */
export type TransferResult = 'done' | 'stopped' | 'cut' | 'failed';

/**
 * The two audit entries of one transfer: before the first byte, and behind the last with how many there were, what they were (SHA-256)
 * and how it ended. A transfer with only the first was running when this process died.
 */
export class TransferRecord {
  readonly #audit: AuditLog;
  readonly #plan: TransferPlan;
  readonly #id = randomUUID();
  readonly #hash = createHash('sha256');
  /** False once bytes were missed, after which a sum would be of something else. */
  #whole = true;
  #bytes = 0;
  #ended: Promise<void> | null = null;

  private constructor(audit: AuditLog, plan: TransferPlan) {
    this.#audit = audit;
    this.#plan = plan;
  }

  /** @throws what the database throws: nothing may move that is not on record. */
  static async begin(audit: AuditLog, plan: TransferPlan): Promise<TransferRecord> {
    const record = new TransferRecord(audit, plan);
    await record.#write('file_transfer_started', {});
    return record;
  }

  /** Bytes seen so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** SHA-256 of the bytes seen so far, in hex; null once some were lost. */
  get sum(): string | null {
    return this.#whole ? this.#hash.copy().digest('hex') : null;
  }

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.#hash.update(chunk);
  }

  /** @returns true for a sum that these bytes cannot have: all of them were seen, and theirs is another. */
  denies(size: number, sha256: string): boolean {
    const { sum } = this;
    return sum !== null && this.#bytes === size && sum !== sha256;
  }

  /** The bytes seen are not those on the router: part of them was lost and is sent again. */
  lost(): void {
    this.#whole = false;
  }

  /**
   * Writes how it ended; only the first call counts.
   * @param found.sha256 of the whole, where the router told it.
   * @throws what the database throws.
   */
  end(result: TransferResult, found: { readonly reason?: string; readonly sha256?: string } = {}): Promise<void> {
    this.#ended ??= this.#write('file_transfer_ended', {
      bytes: this.#bytes,
      sha256: found.sha256 ?? this.sum,
      result,
      reason: found.reason ?? null,
    });
    return this.#ended;
  }

  #write(
    action: 'file_transfer_started' | 'file_transfer_ended',
    more: Readonly<Record<string, string | number | null>>,
  ): Promise<void> {
    const { identity, actor, direction, what, path, offset, size } = this.#plan;
    return this.#audit.record({
      action,
      organisationId: identity.organisationId,
      actor,
      subjectId: identity.id,
      details: {
        router: identity.routerName,
        direction,
        what,
        path: printablePath(path),
        offset,
        size,
        transfer: this.#id,
        ...more,
      },
    });
  }
}
