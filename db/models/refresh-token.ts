import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, NonAttribute, Sequelize } from 'sequelize';
import type { LoginSession } from './login-session.ts';
import { primaryKey, storage } from './storage.ts';

/** A refresh token by its hash; used once, a second use means theft (RFC 9700, section 4.14.2). */
export class RefreshToken extends Model<InferAttributes<RefreshToken>, InferCreationAttributes<RefreshToken>> {
  declare id: CreationOptional<string>;
  declare loginSessionId: string;
  declare tokenHash: Buffer;
  declare createdAt: CreationOptional<Date>;
  declare expiresAt: Date;
  declare usedAt: Date | null;
  declare loginSession?: NonAttribute<LoginSession>;
}

/** @returns a class of its own for this connection. */
export function bindRefreshToken(sequelize: Sequelize): typeof RefreshToken {
  class Bound extends RefreshToken {}
  Bound.init(
    {
      id: primaryKey(),
      loginSessionId: { type: DataTypes.UUID, allowNull: false },
      tokenHash: { type: DataTypes.BLOB, allowNull: false },
      createdAt: DataTypes.DATE,
      expiresAt: { type: DataTypes.DATE, allowNull: false },
      usedAt: DataTypes.DATE,
    },
    { sequelize, ...storage('RefreshToken', 'refresh_tokens') },
  );
  return Bound;
}
