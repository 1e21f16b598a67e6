import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, NonAttribute, Sequelize } from 'sequelize';
import { primaryKey, storage } from './storage.ts';
import type { User } from './user.ts';

/** One signed-in browser or client of a person; revoking it ends all that hangs on it. */
export class LoginSession extends Model<InferAttributes<LoginSession>, InferCreationAttributes<LoginSession>> {
  declare id: CreationOptional<string>;
  declare userId: string;
  declare createdAt: CreationOptional<Date>;
  declare lastUsedAt: CreationOptional<Date>;
  declare expiresAt: Date;
  declare revokedAt: Date | null;
  declare revokedReason: string | null;
  declare userAgent: string | null;
  declare address: string | null;
  /** When the person last proved to the issuer who they are. */
  declare authenticatedAt: CreationOptional<Date>;
  declare user?: NonAttribute<User>;
}

/** @returns a class of its own for this connection. */
export function bindLoginSession(sequelize: Sequelize): typeof LoginSession {
  class Bound extends LoginSession {}
  Bound.init(
    {
      id: primaryKey(),
      userId: { type: DataTypes.UUID, allowNull: false },
      createdAt: DataTypes.DATE,
      lastUsedAt: DataTypes.DATE,
      expiresAt: { type: DataTypes.DATE, allowNull: false },
      revokedAt: DataTypes.DATE,
      revokedReason: DataTypes.TEXT,
      userAgent: DataTypes.TEXT,
      address: DataTypes.INET,
      authenticatedAt: DataTypes.DATE,
    },
    { sequelize, ...storage('LoginSession', 'login_sessions') },
  );
  return Bound;
}
