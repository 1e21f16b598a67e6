import type { Database } from '@netpilot/db/database.ts';
import type { Lock } from '@netpilot/db/models/lock.ts';
import { Op } from 'sequelize';
import type { Role } from '../../../contract/people.ts';
import { type Actor, roleIn } from '../access/actor.ts';
import type { Locks } from '../sessions/guard.ts';

/** Locks held in memory at most; far more than all organisations together may set. */
const MAX_LOCKS = 20_000;

/** What of a session a lock can hold. */
interface Held {
  readonly organisationId: string;
  readonly routerId: string | null;
  readonly userId: string;
  /** The person's role in the organisation; null when they have none. */
  readonly role: Role | null;
}

/** Every lock that stands, in memory, so that asking costs nothing on the way of a session. */
export class LockBook implements Locks {
  readonly #database: Database;
  #locks: readonly Lock[] = [];
  #turn = 0;
  #shown = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Reads the locks again. @throws what the database says; the book stays as it was then. */
  async refresh(): Promise<void> {
    const turn = (this.#turn += 1);
    const locks = await this.#database.transaction({ organisations: 'all', userId: null }, (transaction) =>
      this.#database.models.Lock.findAll({
        where: { expiresAt: { [Op.or]: [null, { [Op.gt]: new Date() }] } },
        limit: MAX_LOCKS,
        transaction,
      }),
    );
    // An answer that a later one has overtaken is older.
    if (turn < this.#shown) return;
    this.#shown = turn;
    this.#locks = locks;
  }

  messageFor(
    actor: Pick<Actor, 'userId' | 'memberships'>,
    { organisationId, routerId }: Pick<Held, 'organisationId' | 'routerId'>,
  ): string | null {
    const role = roleIn(actor, organisationId);
    return this.holding({ organisationId, routerId, userId: actor.userId, role })?.message ?? null;
  }

  /** @returns a lock that holds this session now, null when none does. */
  holding(held: Held): Lock | null {
    const now = Date.now();
    return (
      this.#locks.find((lock) => (lock.expiresAt === null || lock.expiresAt.getTime() > now) && holds(lock, held)) ??
      null
    );
  }
}

function holds(lock: Lock, { organisationId, routerId, userId, role }: Held): boolean {
  if (lock.organisationId !== null && lock.organisationId !== organisationId) return false;
  switch (lock.target) {
    case 'organisation':
      return lock.organisationId !== null;
    case 'user':
      return lock.userId === userId;
    case 'router':
      return lock.routerId === routerId;
    case 'role':
      return lock.organisationId !== null && lock.role === role;
  }
}
