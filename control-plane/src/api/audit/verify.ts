import { type ChainOf, type ChainPlace, hasUnchained, readChain } from '@netpilot/db/audit-chain.ts';
import type { Database, Scope } from '@netpilot/db/database.ts';
import type { AuditAnchor } from '@netpilot/db/models/audit-anchor.ts';
import { Op } from 'sequelize';
import { AUDIT_FAULTS, type AuditFault, type AuditHead, type AuditVerification } from '../../../contract/audit.ts';
import { isSignedHead } from './anchors.ts';
import { CHAIN_START, digestOf } from './chain.ts';

/** What is known of a chain from elsewhere than the database. */
export interface KnownOfChain {
  /** Public keys (base64) that may have signed heads; null: signatures are not looked at. */
  readonly trusted: ReadonlySet<string> | null;
  /** A head that somebody noted. */
  readonly noted?: AuditHead | undefined;
}

/** Entries read at once. */
const BATCH = 1_000;

/**
 * Follows a chain from its first entry to its last and compares it with every signed head. Stops at the first thing that is wrong.
 * @param scope what the database shows to whoever asks; must hold the chain.
 */
export async function verifyChain(
  database: Database,
  scope: Scope,
  chain: ChainOf,
  known: KnownOfChain,
): Promise<AuditVerification> {
  const check = new ChainCheck(known);
  for (let more = true; more && check.fault === null;) {
    more = await database.transaction(scope, async (transaction) => {
      const after = check.position;
      const places = await readChain(database, chain, after, BATCH, transaction);
      const last = places.at(-1);
      const anchors = await database.models.AuditAnchor.findAll({
        where: {
          organisationId: chain,
          position:
            last === undefined
              ? { [Op.gt]: String(after) }
              : { [Op.gt]: String(after), [Op.lte]: String(last.position) },
        },
        order: [['position', 'ASC']],
        transaction,
      });
      check.take(places, anchors);
      // With the last places comes what only the whole can tell: entries and signed heads beyond the chain.
      if (last === undefined && (await hasUnchained(database, chain, transaction))) check.fail('unchained', null);
      return last !== undefined;
    });
  }
  return check.result();
}

/** One pass along a chain; pure, so that what it finds can be tried with any places. */
export class ChainCheck {
  readonly #known: KnownOfChain;
  #hash = CHAIN_START;
  #anchors = 0;
  /** Of the last place that is right. */
  position = 0;
  fault: AuditVerification['fault'] = null;

  constructor(known: KnownOfChain) {
    this.#known = known;
  }

  /** Takes the places that follow, and the signed heads of them, both in order. */
  take(places: readonly ChainPlace[], anchors: readonly AuditAnchor[]): void {
    const signed = [...anchors];
    for (const place of places) {
      const expected = this.position + 1;
      if (place.position !== expected || place.id === null) return this.fail('missing', expected);
      const hash = digestOf(this.#hash, expected, { ...place, id: place.id });
      if (!hash.equals(place.hash)) return this.fail('changed', expected);
      this.#hash = hash;
      this.position = expected;
      const { noted } = this.#known;
      if (noted?.position === expected && noted.hash !== hash.toString('hex')) return this.fail('rewritten', expected);
      while (signed[0] !== undefined && Number(signed[0].position) <= expected) {
        const anchor = signed.shift();
        if (anchor !== undefined && !this.#fits(anchor)) return;
      }
    }
    const beyond = signed[0];
    if (beyond !== undefined && this.#fits(beyond)) this.fail('cut', this.position + 1);
  }

  /** Notes the first thing that is wrong. */
  fail(kind: AuditFault, position: number | null): void {
    this.fault ??= { kind, explanation: AUDIT_FAULTS[kind], position };
  }

  result(): AuditVerification {
    const { noted } = this.#known;
    if (noted !== undefined && noted.position > this.position) this.fail('cut', this.position + 1);
    return {
      intact: this.fault === null,
      entries: this.position,
      anchors: this.#anchors,
      head: this.position === 0 ? null : { position: this.position, hash: this.#hash.toString('hex') },
      fault: this.fault,
    };
  }

  /** Whether a signed head is ours and, where the chain has come to it, says what the chain says. */
  #fits(anchor: AuditAnchor): boolean {
    const position = Number(anchor.position);
    this.#anchors += 1;
    const { trusted } = this.#known;
    if (trusted !== null && !isSignedHead({ ...anchor.get(), position }, anchor.signature, trusted)) {
      this.fail('forged', position);
    }
    if (position === this.position && !anchor.hash.equals(this.#hash)) this.fail('rewritten', position);
    return this.fault === null;
  }
}
