import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { primaryKey, storage } from './storage.ts';

/** Keeps sessions from being used: of a person, a router, an organisation or a role; of every organisation when it has none. */
export class Lock extends Model<InferAttributes<Lock>, InferCreationAttributes<Lock>> {
  declare id: CreationOptional<string>;
  declare organisationId: string | null;
  declare target: 'user' | 'router' | 'organisation' | 'role';
  declare userId: string | null;
  declare routerId: string | null;
  declare role: 'owner' | 'admin' | 'operator' | 'viewer' | null;
  /** The name of what is locked, as it was. */
  declare targetName: string;
  declare message: string;
  declare createdBy: string | null;
  declare createdByName: string;
  declare createdAt: CreationOptional<Date>;
  declare expiresAt: Date | null;
}

/** @returns a class of its own for this connection. */
export function bindLock(sequelize: Sequelize): typeof Lock {
  class Bound extends Lock {}
  Bound.init(
    {
      id: primaryKey(),
      organisationId: DataTypes.UUID,
      target: { type: DataTypes.TEXT, allowNull: false },
      userId: DataTypes.UUID,
      routerId: DataTypes.UUID,
      role: DataTypes.TEXT,
      targetName: { type: DataTypes.TEXT, allowNull: false },
      message: { type: DataTypes.TEXT, allowNull: false },
      createdBy: DataTypes.UUID,
      createdByName: { type: DataTypes.TEXT, allowNull: false },
      createdAt: DataTypes.DATE,
      expiresAt: DataTypes.DATE,
    },
    { sequelize, ...storage('Lock', 'locks') },
  );
  return Bound;
}
