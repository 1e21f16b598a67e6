import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { primaryKey, storage } from './storage.ts';

/** A tenant: everything a router, a session or an audit entry belongs to. */
export class Organisation extends Model<InferAttributes<Organisation>, InferCreationAttributes<Organisation>> {
  declare id: CreationOptional<string>;
  declare name: string;
  declare createdAt: CreationOptional<Date>;
  /** Its policy for sessions (contract `oversight.ts`); the database has the defaults. */
  declare recordInput: CreationOptional<boolean>;
  declare recordingRetentionDays: CreationOptional<number>;
  declare watchNotice: CreationOptional<boolean>;
}

/** @returns a class of its own for this connection, so that several databases can be open in one process. */
export function bindOrganisation(sequelize: Sequelize): typeof Organisation {
  class Bound extends Organisation {}
  Bound.init(
    {
      id: primaryKey(),
      name: { type: DataTypes.TEXT, allowNull: false },
      createdAt: DataTypes.DATE,
      recordInput: DataTypes.BOOLEAN,
      recordingRetentionDays: DataTypes.INTEGER,
      watchNotice: DataTypes.BOOLEAN,
    },
    { sequelize, ...storage('Organisation', 'organisations') },
  );
  return Bound;
}
