import type { Database } from '@netpilot/db/database.ts';
import type { User as UserRow } from '@netpilot/db/models/user.ts';
import type { PageQuery } from '../../../contract/page.ts';
import type { User } from '../../../contract/people.ts';
import type { Actor } from '../access/actor.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { notFound, ProblemError } from '../errors.ts';
import { afterCursor, NEWEST_FIRST, toPage } from '../http/pages.ts';

/** People belong to no organisation; only the platform administrator's routes come here. */
const PLATFORM = { organisations: 'all', userId: null } as const;

export interface UserService {
  list(query: PageQuery): Promise<{ items: User[]; nextCursor: string | null }>;
  /** @throws ProblemError `not_found`, or `conflict` for oneself. */
  setDisabled(actor: Actor, userId: string, disabled: boolean): Promise<User>;
  /** Ends every sign-in of a person. @throws ProblemError `not_found`. */
  revoke(actor: Actor, userId: string): Promise<void>;
}

/** @returns the platform administrator's view of people. */
export function createUserService(database: Database, audit: AuditLog): UserService {
  const { User: Users, LoginSession } = database.models;
  return {
    async list({ cursor, limit }) {
      const rows = await database.transaction(PLATFORM, (transaction) =>
        Users.findAll({ where: afterCursor(cursor), order: NEWEST_FIRST, limit: limit + 1, transaction }),
      );
      return toPage(rows, limit, (row) => row.createdAt, presentUser);
    },

    setDisabled: (actor, userId, disabled) =>
      database.transaction(PLATFORM, async (transaction) => {
        if (userId === actor.userId) throw new ProblemError('conflict', 'You cannot disable yourself.');
        const user = await Users.findByPk(userId, { transaction });
        if (user === null) throw notFound();
        if ((user.disabledAt !== null) === disabled) return presentUser(user);
        await user.update({ disabledAt: disabled ? new Date() : null }, { transaction });
        await audit.record(
          { action: disabled ? 'user_disabled' : 'user_enabled', organisationId: null, actor, subjectId: userId },
          transaction,
        );
        return presentUser(user);
      }),

    revoke: (actor, userId) =>
      database.transaction(PLATFORM, async (transaction) => {
        const user = await Users.findByPk(userId, { transaction });
        if (user === null) throw notFound();
        const [count] = await LoginSession.update(
          { revokedAt: new Date(), revokedReason: 'revoked by the administrator' },
          { where: { userId, revokedAt: null }, transaction },
        );
        await audit.record(
          { action: 'login_session_revoked', organisationId: null, actor, subjectId: userId, details: { count } },
          transaction,
        );
      }),
  };
}

function presentUser(row: UserRow): User {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    platformAdministrator: row.platformAdministrator,
    disabled: row.disabledAt !== null,
    createdAt: row.createdAt.toISOString(),
    lastSignInAt: row.lastSignInAt?.toISOString() ?? null,
  };
}
