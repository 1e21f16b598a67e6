import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { storage } from './storage.ts';
import { ofRouter } from './tenant-columns.ts';

/** Something that a router was asked for and confirmed: one row for each kind and subject (a MAC, a name, or '' for the whole router). */
export class DesiredPolicy extends Model<InferAttributes<DesiredPolicy>, InferCreationAttributes<DesiredPolicy>> {
  declare organisationId: string;
  declare routerId: string;
  declare kind: string;
  declare subject: string;
  /** Parsed with the contract by whoever reads it. */
  declare policy: unknown;
  declare changedAt: CreationOptional<Date>;
  declare changedBy: string | null;
}

/** @returns a class of its own for this connection. */
export function bindDesiredPolicy(sequelize: Sequelize): typeof DesiredPolicy {
  class Bound extends DesiredPolicy {}
  Bound.init(
    {
      ...ofRouter(),
      routerId: { type: DataTypes.UUID, primaryKey: true },
      kind: { type: DataTypes.TEXT, primaryKey: true },
      subject: { type: DataTypes.TEXT, primaryKey: true },
      policy: { type: DataTypes.JSONB, allowNull: false },
      changedAt: DataTypes.DATE,
      changedBy: DataTypes.UUID,
    },
    { sequelize, ...storage('DesiredPolicy', 'desired_policies') },
  );
  return Bound;
}
