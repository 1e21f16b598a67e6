import type { Transaction } from 'sequelize';
import type { Database } from '@netpilot/db/database.ts';
import type { RouterPolicy } from '@netpilot/db/models/router-policy.ts';
import { type AccessChange, AccessPlan, AccessState } from '../../../contract/operations/access.ts';
import { WifiState } from '../../../contract/operations/wifi.ts';
import { type Drift, type PolicyKind, type RouterPolicies, WifiDesired } from '../../../contract/router-policies.ts';
import type { Actor } from '../access/actor.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { RouterIdentity } from '../devices/device-book.ts';
import { ProblemError } from '../errors.ts';
import { withRouterOf } from '../routers/with-router.ts';
import { differencesOf, mergeChange } from './plan-parts.ts';
import { wordsOf } from './plan-words.ts';
import { desiredOf, wifiDrift, wifiPartOf } from './wifi-drift.ts';

/** Both documents are of the whole router. */
const WHOLE = '';

/**
 * What routers are set to: `desired` is what was asked for and confirmed, `observed` what the router last said. Only a confirmed change, or a
 * person who takes the router's side, moves `desired`.
 */
export class PolicyBook {
  readonly #database: Database;
  readonly #audit: AuditLog;

  constructor(database: Database, audit: AuditLog) {
    this.#database = database;
    this.#audit = audit;
  }

  /** Everything that is kept, with what has drifted apart. @throws ProblemError `not_found`. */
  async read(actor: Actor, routerId: string): Promise<RouterPolicies> {
    return withRouterOf(this.#database, actor, routerId, 'router.observe', (_, transaction) =>
      this.#present(routerId, transaction),
    );
  }

  /** Takes the router's side: what it said becomes what is wanted. @throws ProblemError `not_found`, `forbidden`, `conflict`. */
  async take(actor: Actor, routerId: string, kind: PolicyKind): Promise<RouterPolicies> {
    const action = kind === 'access' ? 'router.operate' : 'router.configure';
    return withRouterOf(this.#database, actor, routerId, action, async ({ organisationId }, transaction) => {
      const row = await this.#row(routerId, kind, transaction);
      if (row === null || row.observed === null) throw new ProblemError('conflict', 'The router was not read yet.');
      const desired =
        kind === 'access' ? AccessState.parse(row.observed).plan : desiredOf(WifiState.parse(row.observed));
      await row.update({ desired, changedAt: new Date(), changedBy: actor.userId }, { transaction });
      await this.#audit.record(
        { action: 'policies_taken', organisationId, actor, subjectId: routerId, details: { kind } },
        transaction,
      );
      return this.#present(routerId, transaction);
    });
  }

  /** The router was read. What is wanted begins as what is there. */
  async observed(
    router: RouterIdentity,
    observed: { kind: 'access'; state: AccessState } | { kind: 'wifi'; state: WifiState },
    transaction: Transaction,
  ): Promise<void> {
    const row = await this.#row(router.routerId, observed.kind, transaction);
    const first = observed.kind === 'access' ? observed.state.plan : desiredOf(observed.state);
    await this.#save(
      router,
      observed.kind,
      { desired: row?.desired ?? first, observed: observed.state },
      null,
      transaction,
    );
  }

  /** The router confirmed a change of its plan: what changed is wanted from now on; what had drifted before stays so. */
  async accessConfirmed(router: RouterIdentity, change: AccessChange, by: string, transaction: Transaction) {
    const { plan, revision, effect } = change;
    const row = await this.#row(router.routerId, 'access', transaction);
    const before = AccessState.safeParse(row?.observed);
    const ours = AccessPlan.safeParse(row?.desired);
    const desired = ours.success && before.success ? mergeChange(ours.data, before.data.plan, plan) : plan;
    await this.#save(router, 'access', { desired, observed: { plan, revision, effect } }, by, transaction);
  }

  /** The router confirmed a whole plan. */
  async accessReplaced(router: RouterIdentity, change: AccessChange, by: string, transaction: Transaction) {
    const { plan, revision, effect } = change;
    await this.#save(router, 'access', { desired: plan, observed: { plan, revision, effect } }, by, transaction);
  }

  /** The router confirmed a change of its Wi-Fi; only the sections that were named are wanted anew. */
  async wifiConfirmed(
    router: RouterIdentity,
    state: WifiState,
    sections: ReadonlySet<string>,
    by: string,
    transaction: Transaction,
  ) {
    const row = await this.#row(router.routerId, 'wifi', transaction);
    const ours = WifiDesired.safeParse(row?.desired);
    const now = desiredOf(state);
    const desired = ours.success ? wifiPartOf(ours.data, now, sections) : now;
    await this.#save(router, 'wifi', { desired, observed: state }, by, transaction);
  }

  /** Wants another plan than the router has, until somebody applies it there: the import of earlier data. */
  async wanted(router: RouterIdentity, plan: AccessPlan, by: string, transaction: Transaction): Promise<void> {
    const row = await this.#row(router.routerId, 'access', transaction);
    await this.#save(router, 'access', { desired: plan, observed: row?.observed ?? null }, by, transaction, row);
  }

  /** The plan that is wanted; what the router has where nothing was asked for yet. */
  async plan(routerId: string, transaction: Transaction): Promise<AccessPlan | null> {
    const row = await this.#row(routerId, 'access', transaction);
    return AccessPlan.nullable()
      .catch(null)
      .parse(row?.desired ?? null);
  }

  async #present(routerId: string, transaction: Transaction): Promise<RouterPolicies> {
    const [accessRow, wifiRow] = [
      await this.#row(routerId, 'access', transaction),
      await this.#row(routerId, 'wifi', transaction),
    ];
    const access = {
      desired: AccessPlan.nullable()
        .catch(null)
        .parse(accessRow?.desired ?? null),
      observed: AccessState.nullable()
        .catch(null)
        .parse(accessRow?.observed ?? null),
      observedAt: accessRow?.observedAt?.toISOString() ?? null,
    };
    const wifi = {
      desired: WifiDesired.nullable()
        .catch(null)
        .parse(wifiRow?.desired ?? null),
      observed: WifiState.nullable()
        .catch(null)
        .parse(wifiRow?.observed ?? null),
      observedAt: wifiRow?.observedAt?.toISOString() ?? null,
    };
    return { access, wifi, drift: [...accessDrift(access), ...wifiDrift(wifi.desired, wifi.observed)] };
  }

  #row(routerId: string, kind: PolicyKind, transaction: Transaction): Promise<RouterPolicy | null> {
    return this.#database.models.RouterPolicy.findOne({ where: { routerId, kind, subject: WHOLE }, transaction });
  }

  /** @param by null leaves as it is who changed it last, and when. @param unread the row whose time of reading stays. */
  async #save(
    router: RouterIdentity,
    kind: PolicyKind,
    documents: { desired: unknown; observed: unknown },
    by: string | null,
    transaction: Transaction,
    unread: RouterPolicy | null | undefined = undefined,
  ): Promise<void> {
    const now = new Date();
    const observedAt = unread === undefined ? now : (unread?.observedAt ?? null);
    await this.#database.models.RouterPolicy.bulkCreate(
      [{ ...router, kind, subject: WHOLE, ...documents, observedAt, changedAt: now, changedBy: by }],
      {
        updateOnDuplicate: [
          'desired',
          'observed',
          'observedAt',
          ...(by === null ? [] : (['changedAt', 'changedBy'] as const)),
        ],
        conflictAttributes: ['routerId', 'kind', 'subject'],
        transaction,
      },
    );
  }
}

function accessDrift({ desired, observed }: RouterPolicies['access']): Drift[] {
  if (desired === null || observed === null) return [];
  const parts = differencesOf(desired, observed.plan).map((part): Drift => ({ kind: 'access', ...wordsOf(part) }));
  if (observed.effect.loaded) return parts;
  const notes = observed.effect.differences.map((words): Drift => ({
    kind: 'access',
    what: words,
    ours: 'in force',
    routers: 'not in force',
  }));
  return [...parts, ...notes];
}
