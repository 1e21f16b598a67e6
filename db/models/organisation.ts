import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { primaryKey, storage } from './storage.ts';

/** A tenant: everything a router, a session or an audit entry belongs to. */
export class Organisation extends Model<InferAttributes<Organisation>, InferCreationAttributes<Organisation>> {
  declare id: CreationOptional<string>;
  declare name: string;
  declare createdAt: CreationOptional<Date>;
}

/** @returns a class of its own for this connection, so that several databases can be open in one process. */
export function bindOrganisation(sequelize: Sequelize): typeof Organisation {
  class Bound extends Organisation {}
  Bound.init(
    { id: primaryKey(), name: { type: DataTypes.TEXT, allowNull: false }, createdAt: DataTypes.DATE },
    { sequelize, ...storage('Organisation', 'organisations') },
  );
  return Bound;
}
