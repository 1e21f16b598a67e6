import type { ChainOf } from '@netpilot/db/audit-chain.ts';
import type { Database } from '@netpilot/db/database.ts';
import type { AuditVerification } from '../../../contract/audit.ts';
import type { Actor } from '../access/actor.ts';
import { oversightScope } from '../access/actor.ts';
import { ProblemError } from '../errors.ts';
import type { AuditLog } from './audit-log.ts';
import { verifyChain } from './verify.ts';

/** Chains that are checked at once: each reads its whole trail. */
const CHECKS_AT_ONCE = 2;

/** Checks chains for those who may read them, a few at a time. */
export class AuditVerifier {
  readonly #database: Database;
  readonly #audit: AuditLog;
  readonly #trusted: ReadonlySet<string>;
  #running = 0;

  /** @param trusted public keys (base64) that may have signed heads. */
  constructor(database: Database, audit: AuditLog, trusted: ReadonlySet<string>) {
    this.#database = database;
    this.#audit = audit;
    this.#trusted = trusted;
  }

  /**
   * Checks a chain that the actor may read; the check and what it found are an entry of that chain.
   * @throws ProblemError `too_many_requests` while others are under way.
   */
  async verify(actor: Actor, chain: ChainOf): Promise<AuditVerification> {
    if (this.#running >= CHECKS_AT_ONCE) throw new ProblemError('too_many_requests');
    this.#running += 1;
    try {
      const found = await verifyChain(this.#database, oversightScope(actor), chain, { trusted: this.#trusted });
      const { intact, entries, fault } = found;
      const details = { intact, entries, fault: fault?.kind ?? null, position: fault?.position ?? null };
      await this.#audit.record({ action: 'audit_verified', organisationId: chain, actor, subjectId: chain, details });
      return found;
    } finally {
      this.#running -= 1;
    }
  }
}
