import { createHash, randomBytes } from 'node:crypto';
import { Op, type Transaction } from 'sequelize';
import type { Database } from '@netpilot/db/database.ts';
import type { Actor } from '../access/actor.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { notFound, ProblemError } from '../errors.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { Identity } from './oidc.ts';

/** A login session ends this long after its last refresh. */
export const REFRESH_TOKEN_SECONDS = 14 * 86_400;
/** Sign-in runs before anybody is known; these rows belong to no organisation. */
const SIGN_IN_SCOPE = { organisations: 'all', userId: null } as const;

export interface Device {
  readonly userAgent: string | null;
  readonly address: string | null;
}

export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export interface LoginSessions {
  /** Records the person and a new login session. @throws ProblemError `forbidden` for a disabled person. */
  signIn(identity: Identity, device: Device): Promise<TokenPair>;
  /** Notes that the person of a login session has proved again who they are. @throws ProblemError `sign_in_failed` for anybody else. */
  signInAgain(identity: Identity, loginSessionId: string): Promise<void>;
  /** @returns when the person of a login session last proved who they are, in milliseconds since the epoch; 0 for one that is gone. */
  authenticatedAt(loginSessionId: string): Promise<number>;
  /**
   * Exchanges a refresh token for a new pair. One that was used before revokes its whole login session.
   * @throws ProblemError `unauthenticated` when the token is unknown, used, expired or revoked.
   */
  refresh(refreshToken: string): Promise<TokenPair>;
  /** @returns the person behind a verified access token, null when their login session or account no longer stands. */
  actorOf(claims: { userId: string; loginSessionId: string }): Promise<Actor | null>;
  list(actor: Actor): Promise<LoginSessionRow[]>;
  /** @throws ProblemError `not_found` for an id that is not a live login session of the actor. */
  revoke(actor: Actor, loginSessionId: string): Promise<void>;
  revokeOthers(actor: Actor): Promise<void>;
  signOut(actor: Actor): Promise<void>;
}

export interface LoginSessionRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly userAgent: string | null;
  readonly address: string | null;
}

export interface LoginSessionOptions {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly accessTokens: AccessTokens;
  /** Verified e-mail addresses, lower case. */
  readonly platformAdministrators: ReadonlySet<string>;
}

/** @returns the owner of login sessions and their refresh tokens. */
export function createLoginSessions({
  database,
  audit,
  accessTokens,
  platformAdministrators,
}: LoginSessionOptions): LoginSessions {
  const { User, LoginSession, RefreshToken, Membership } = database.models;

  const newTokens = async (userId: string, loginSessionId: string, transaction: Transaction): Promise<TokenPair> => {
    const refreshToken = randomBytes(32).toString('base64url');
    await RefreshToken.create(
      { loginSessionId, tokenHash: hashOf(refreshToken), expiresAt: fromNow(REFRESH_TOKEN_SECONDS) },
      { transaction },
    );
    return { accessToken: accessTokens.issue({ userId, loginSessionId }), refreshToken };
  };

  const revokeWhere = async (where: object, reason: string, transaction: Transaction): Promise<number> => {
    const [count] = await LoginSession.update(
      { revokedAt: new Date(), revokedReason: reason },
      { where: { ...where, revokedAt: null }, transaction },
    );
    return count;
  };

  return {
    signIn: (identity, device) =>
      database.transaction(SIGN_IN_SCOPE, async (transaction) => {
        const isAdministrator =
          identity.emailVerified && identity.email !== null && platformAdministrators.has(identity.email);
        const [user] = await User.findOrCreate({
          where: { issuer: identity.issuer, subject: identity.subject },
          defaults: {
            issuer: identity.issuer,
            subject: identity.subject,
            name: identity.name,
            email: identity.email,
            emailVerified: identity.emailVerified,
            platformAdministrator: isAdministrator,
          },
          transaction,
        });
        if (user.disabledAt !== null) throw new ProblemError('forbidden', 'This account is disabled.');
        await user.update(
          {
            name: identity.name,
            email: identity.email,
            emailVerified: identity.emailVerified,
            platformAdministrator: isAdministrator,
            lastSignInAt: new Date(),
          },
          { transaction },
        );
        const login = await LoginSession.create(
          {
            userId: user.id,
            lastUsedAt: new Date(),
            expiresAt: fromNow(REFRESH_TOKEN_SECONDS),
            userAgent: device.userAgent?.slice(0, 300) ?? null,
            address: device.address,
            authenticatedAt: new Date(),
          },
          { transaction },
        );
        await audit.record(
          { action: 'sign_in', organisationId: null, actor: { userId: user.id, name: user.name }, subjectId: login.id },
          transaction,
        );
        return newTokens(user.id, login.id, transaction);
      }),

    signInAgain: (identity, loginSessionId) =>
      database.transaction(SIGN_IN_SCOPE, async (transaction) => {
        const login = await LoginSession.findByPk(loginSessionId, { transaction });
        const user = login === null ? null : await User.findByPk(login.userId, { transaction });
        const same = user !== null && user.issuer === identity.issuer && user.subject === identity.subject;
        if (login === null || !same || login.revokedAt !== null || user.disabledAt !== null) {
          throw new ProblemError('sign_in_failed', 'Somebody else signed in.');
        }
        await login.update({ authenticatedAt: new Date() }, { transaction });
        const actor = { userId: user.id, name: user.name };
        await audit.record(
          { action: 'reauthenticated', organisationId: null, actor, subjectId: login.id },
          transaction,
        );
      }),

    authenticatedAt: (loginSessionId) =>
      database.transaction(SIGN_IN_SCOPE, async (transaction) => {
        const login = await LoginSession.findByPk(loginSessionId, { transaction });
        return login === null || login.revokedAt !== null ? 0 : login.authenticatedAt.getTime();
      }),

    async refresh(refreshToken) {
      const outcome = await database.transaction(SIGN_IN_SCOPE, async (transaction) => {
        const token = await RefreshToken.findOne({
          where: { tokenHash: hashOf(refreshToken) },
          lock: transaction.LOCK.UPDATE,
          transaction,
        });
        if (token === null) return null;
        const login = await LoginSession.findByPk(token.loginSessionId, { transaction });
        const user = login === null ? null : await User.findByPk(login.userId, { transaction });
        if (login === null || user === null) return null;
        if (token.usedAt !== null) {
          // Two parties hold the family: neither is trusted any more (RFC 9700, section 4.14.2).
          if ((await revokeWhere({ id: login.id }, 'refresh token reused', transaction)) > 0) {
            await audit.record(
              {
                action: 'refresh_reuse',
                organisationId: null,
                actor: { userId: user.id, name: user.name },
                subjectId: login.id,
              },
              transaction,
            );
          }
          return null;
        }
        const now = new Date();
        if (token.expiresAt < now || login.expiresAt < now || login.revokedAt !== null || user.disabledAt !== null)
          return null;
        await token.update({ usedAt: now }, { transaction });
        await login.update({ lastUsedAt: now, expiresAt: fromNow(REFRESH_TOKEN_SECONDS) }, { transaction });
        // Used tokens are kept as long as they could be replayed; older ones tell nothing any more.
        await RefreshToken.destroy({ where: { loginSessionId: login.id, expiresAt: { [Op.lt]: now } }, transaction });
        return newTokens(user.id, login.id, transaction);
      });
      if (outcome === null) throw new ProblemError('unauthenticated');
      return outcome;
    },

    actorOf: (claims) =>
      database.transaction(SIGN_IN_SCOPE, async (transaction) => {
        const [login, user, memberships] = [
          await LoginSession.findByPk(claims.loginSessionId, { transaction }),
          await User.findByPk(claims.userId, { transaction }),
          await Membership.findAll({ where: { userId: claims.userId }, transaction }),
        ];
        if (login === null || user === null || login.userId !== user.id) return null;
        if (login.revokedAt !== null || login.expiresAt < new Date() || user.disabledAt !== null) return null;
        return {
          userId: user.id,
          name: user.name,
          email: user.email,
          loginSessionId: login.id,
          platformAdministrator: user.platformAdministrator,
          memberships: memberships.map(({ organisationId, role }) => ({ organisationId, role })),
        };
      }),

    list: (actor) =>
      database.transaction({ organisations: [], userId: actor.userId }, (transaction) =>
        LoginSession.findAll({
          where: { userId: actor.userId, revokedAt: null, expiresAt: { [Op.gt]: new Date() } },
          order: [['lastUsedAt', 'DESC']],
          limit: 100,
          transaction,
        }),
      ),

    async revoke(actor, loginSessionId) {
      await database.transaction(SIGN_IN_SCOPE, async (transaction) => {
        const count = await revokeWhere(
          { id: loginSessionId, userId: actor.userId },
          'revoked by the person',
          transaction,
        );
        if (count === 0) throw notFound();
        await audit.record(
          { action: 'login_session_revoked', organisationId: null, actor, subjectId: loginSessionId },
          transaction,
        );
      });
    },

    async revokeOthers(actor) {
      await database.transaction(SIGN_IN_SCOPE, async (transaction) => {
        const where = { userId: actor.userId, id: { [Op.ne]: actor.loginSessionId } };
        const count = await revokeWhere(where, 'signed out from elsewhere', transaction);
        await audit.record(
          { action: 'login_session_revoked', organisationId: null, actor, details: { others: count } },
          transaction,
        );
      });
    },

    async signOut(actor) {
      await database.transaction(SIGN_IN_SCOPE, async (transaction) => {
        await revokeWhere({ id: actor.loginSessionId }, 'signed out', transaction);
        await audit.record(
          { action: 'sign_out', organisationId: null, actor, subjectId: actor.loginSessionId },
          transaction,
        );
      });
    },
  };
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function fromNow(seconds: number): Date {
  return new Date(Date.now() + seconds * 1_000);
}
