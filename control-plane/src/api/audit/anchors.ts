import { type ChainOf, readHead } from '@netpilot/db/audit-chain.ts';
import type { Database } from '@netpilot/db/database.ts';
import type { FastifyBaseLogger } from 'fastify';
import { type SigningKey, fingerprintOf, isSignedBy } from '../recordings/signing-key.ts';

export interface AuditAnchorsOptions {
  readonly database: Database;
  readonly key: SigningKey;
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn'>;
}

/** The head of a chain, to be signed or checked. */
export interface SignedHead {
  readonly organisationId: string | null;
  readonly position: number;
  readonly hash: Buffer;
  readonly signedAt: Date;
}

/** How often the heads of chains that grew are signed, in milliseconds. */
const EVERY_MS = 60_000;

/**
 * Signs the heads of the chains that this process adds to, with a key that the database does not have. A signed head is kept beside the
 * chain and goes to the log, which is elsewhere: whoever owns the database can cut the chain, but not make one that fits them all.
 */
export class AuditAnchors {
  readonly #options: AuditAnchorsOptions;
  /** Chains that may have grown, with the place that was signed last. */
  readonly #grown = new Map<ChainOf, number>();
  readonly #timer: NodeJS.Timeout;
  #signing: Promise<void> = Promise.resolve();

  constructor(options: AuditAnchorsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.sign(), EVERY_MS);
  }

  /** An entry of this chain is being written. */
  grew(chain: ChainOf): void {
    if (!this.#grown.has(chain)) this.#grown.set(chain, 0);
  }

  /** Signs the heads of the chains that grew since they were signed last. Never rejects: what fails is signed the next time. */
  sign(): Promise<void> {
    this.#signing = this.#signing
      .then(async () => {
        for (const [chain, signed] of this.#grown) await this.#signOne(chain, signed);
      })
      .catch((error: unknown) => this.#options.log.warn({ err: error }, 'the head of an audit chain was not signed'));
    return this.#signing;
  }

  /** Signs what is left. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.sign();
  }

  async #signOne(organisationId: ChainOf, last: number): Promise<void> {
    const { database, key, log } = this.#options;
    const scope = { organisations: 'all', userId: null } as const;
    await database.transaction(scope, async (transaction) => {
      const head = await readHead(database, organisationId, transaction);
      // What was being written when it was signed last is in by now: a chain that stands still is done with.
      if (head === null || head.position === last) {
        this.#grown.delete(organisationId);
        return;
      }
      const signed = { ...head, organisationId, signedAt: new Date() };
      const signature = Buffer.from(key.sign(headText(signed)), 'base64');
      const keyId = fingerprintOf(key.publicKey);
      await database.models.AuditAnchor.bulkCreate([{ ...signed, position: String(head.position), keyId, signature }], {
        // Another process was as fast.
        ignoreDuplicates: true,
        transaction,
      });
      const { position, hash } = head;
      this.#grown.set(organisationId, position);
      log.info(
        { audit: { organisationId, position, hash: hash.toString('hex'), signature: signature.toString('base64') } },
        'the head of an audit chain is signed',
      );
    });
  }
}

/** @returns whether one of `trusted` (public keys, base64) signed this head. */
export function isSignedHead(head: SignedHead, signature: Buffer, trusted: ReadonlySet<string>): boolean {
  const text = headText(head);
  return [...trusted].some((key) => isSignedBy(key, text, signature.toString('base64')));
}

function headText({ organisationId, position, hash, signedAt }: SignedHead): string {
  return `netpilot audit head\n${organisationId ?? '-'}\n${position}\n${hash.toString('hex')}\n${signedAt.toISOString()}\n`;
}
