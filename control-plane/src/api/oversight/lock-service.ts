import type { Database, Scope } from '@netpilot/db/database.ts';
import type { Lock as LockRow } from '@netpilot/db/models/lock.ts';
import { Op, type Transaction } from 'sequelize';
import type { Lock, LockInput } from '../../../contract/oversight.ts';
import { type Actor, oversightScope, roleIn } from '../access/actor.ts';
import { authorise, can } from '../access/policy.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { ProblemError, notFound } from '../errors.ts';
import { presentLock } from './presenter.ts';

/** Locks that one organisation may have at once. */
const LOCKS_PER_ORGANISATION = 500;

export interface LockServiceOptions {
  readonly database: Database;
  readonly audit: AuditLog;
  /** Has every running session looked at; resolves when what a lock holds has been ended in this process. */
  readonly enforce: () => Promise<void>;
}

/** Sets and lifts locks. Every process ends what they hold when the database tells it. */
export class LockService {
  readonly #options: LockServiceOptions;

  constructor(options: LockServiceOptions) {
    this.#options = options;
  }

  /** The locks that stand and that the actor may lift, the newest first. @throws ProblemError `not_found`, `forbidden`. */
  async list(actor: Actor, organisationId?: string): Promise<Lock[]> {
    if (organisationId !== undefined) {
      authorise(actor, 'lock.manage', { organisationId }, roleIn(actor, organisationId) !== null);
    }
    const rows = await this.#inScope(oversightScope(actor), (transaction) =>
      this.#options.database.models.Lock.findAll({
        where: { ...stands(), ...(organisationId === undefined ? {} : { organisationId }) },
        order: [['createdAt', 'DESC']],
        limit: LOCKS_PER_ORGANISATION,
        transaction,
      }),
    );
    return rows.filter((row) => mayManage(actor, row.organisationId)).map(presentLock);
  }

  /**
   * Sets a lock; when it resolves, what it holds in this process has ended.
   * @throws ProblemError `not_found` for what is not there to be locked, `forbidden`, `conflict`, `invalid_request`.
   */
  async set(actor: Actor, input: LockInput): Promise<Lock> {
    const { organisationId, message } = input;
    if (!mayManage(actor, organisationId)) {
      const visible = organisationId !== null && roleIn(actor, organisationId) !== null;
      throw visible ? new ProblemError('forbidden') : notFound();
    }
    const expiresAt = input.expiresAt === null ? null : new Date(input.expiresAt);
    if (expiresAt !== null && expiresAt.getTime() <= Date.now()) {
      throw new ProblemError('invalid_request', 'A lock must expire in the future.');
    }
    const { Lock: Locks } = this.#options.database.models;
    const row = await this.#inScope(scopeFor(organisationId), async (transaction) => {
      // Expired ones hold nothing any more.
      await Locks.destroy({ where: { organisationId, expiresAt: { [Op.lte]: new Date() } }, transaction });
      if ((await Locks.count({ where: { organisationId }, transaction })) >= LOCKS_PER_ORGANISATION) {
        throw new ProblemError('conflict', `No more than ${LOCKS_PER_ORGANISATION} locks can stand at once.`);
      }
      const targetName = await this.#nameOf(input, transaction);
      const lock = await Locks.create(
        {
          organisationId,
          target: input.target.type,
          userId: input.target.type === 'user' ? input.target.userId : null,
          routerId: input.target.type === 'router' ? input.target.routerId : null,
          role: input.target.type === 'role' ? input.target.role : null,
          targetName,
          message,
          createdBy: actor.userId,
          createdByName: actor.name,
          expiresAt,
        },
        { transaction },
      );
      await this.#record('lock_set', lock, actor, transaction);
      return lock;
    });
    await this.#options.enforce();
    return presentLock(row);
  }

  /** @throws ProblemError `not_found`. */
  async lift(actor: Actor, id: string): Promise<void> {
    const { Lock: Locks } = this.#options.database.models;
    await this.#inScope({ ...oversightScope(actor), userId: actor.userId }, async (transaction) => {
      const lock = await Locks.findByPk(id, { transaction });
      if (lock === null || !mayManage(actor, lock.organisationId)) throw notFound();
      await this.#record('lock_lifted', lock, actor, transaction);
      await lock.destroy({ transaction });
    });
    await this.#options.enforce();
  }

  #inScope<T>(scope: Scope, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#options.database.transaction(scope, work);
  }

  #record(action: 'lock_set' | 'lock_lifted', lock: LockRow, actor: Actor, transaction: Transaction): Promise<void> {
    const { organisationId, target, targetName, message, expiresAt } = lock;
    const details = { target, name: targetName, message, until: expiresAt?.toISOString() ?? null };
    const subjectId = lock.userId ?? lock.routerId ?? organisationId;
    return this.#options.audit.record({ action, organisationId, actor, subjectId, details }, transaction);
  }

  /** @throws ProblemError `not_found` for what is not in the organisation. */
  async #nameOf({ organisationId, target }: LockInput, transaction: Transaction): Promise<string> {
    const { User, Membership, Router, Organisation } = this.#options.database.models;
    switch (target.type) {
      case 'user': {
        const { userId } = target;
        const member =
          organisationId === null || (await Membership.count({ where: { organisationId, userId }, transaction }));
        const user = member ? await User.findByPk(userId, { transaction }) : null;
        if (user === null) throw notFound();
        return user.name;
      }
      case 'router': {
        const router = await Router.findOne({
          where: { id: target.routerId, organisationId: organisationId ?? '' },
          transaction,
        });
        if (router === null) throw notFound();
        return router.name;
      }
      case 'organisation': {
        const organisation = await Organisation.findByPk(organisationId ?? '', { transaction });
        if (organisation === null) throw notFound();
        return organisation.name;
      }
      case 'role':
        return target.role;
    }
  }
}

/** A lock without an organisation is the platform administrator's. */
function mayManage(actor: Actor, organisationId: string | null): boolean {
  return organisationId === null ? actor.platformAdministrator : can(actor, 'lock.manage', { organisationId });
}

function scopeFor(organisationId: string | null): Scope {
  return { organisations: organisationId === null ? 'all' : [organisationId], userId: null };
}

function stands() {
  return { expiresAt: { [Op.or]: [null, { [Op.gt]: new Date() }] } };
}
