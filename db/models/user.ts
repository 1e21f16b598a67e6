import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { primaryKey, storage } from './storage.ts';

/** A person, known by what their identity provider calls them (OpenID Connect Core 1.0, section 5.7: issuer and subject). */
export class User extends Model<InferAttributes<User>, InferCreationAttributes<User>> {
  declare id: CreationOptional<string>;
  declare issuer: string;
  declare subject: string;
  declare email: string | null;
  declare emailVerified: CreationOptional<boolean>;
  declare name: string;
  declare platformAdministrator: CreationOptional<boolean>;
  declare disabledAt: Date | null;
  declare createdAt: CreationOptional<Date>;
  declare lastSignInAt: Date | null;
}

/** @returns a class of its own for this connection. */
export function bindUser(sequelize: Sequelize): typeof User {
  class Bound extends User {}
  Bound.init(
    {
      id: primaryKey(),
      issuer: { type: DataTypes.TEXT, allowNull: false },
      subject: { type: DataTypes.TEXT, allowNull: false },
      email: DataTypes.TEXT,
      emailVerified: DataTypes.BOOLEAN,
      name: { type: DataTypes.TEXT, allowNull: false },
      platformAdministrator: DataTypes.BOOLEAN,
      disabledAt: DataTypes.DATE,
      createdAt: DataTypes.DATE,
      lastSignInAt: DataTypes.DATE,
    },
    { sequelize, ...storage('User', 'users') },
  );
  return Bound;
}
