import { DataTypes, Model } from 'sequelize';
import type { InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { storage } from './storage.ts';
import { ofRouter } from './tenant-columns.ts';

/** Bytes of a device between two readings of its counters; down is what it received. */
export class UsageSample extends Model<InferAttributes<UsageSample>, InferCreationAttributes<UsageSample>> {
  declare organisationId: string;
  declare routerId: string;
  declare mac: string;
  declare startsAt: Date;
  declare endsAt: Date;
  /** A bigint as text, as `upBytes`. */
  declare downBytes: string;
  declare upBytes: string;
}

/** @returns a class of its own for this connection. */
export function bindUsageSample(sequelize: Sequelize): typeof UsageSample {
  class Bound extends UsageSample {}
  Bound.init(
    {
      ...ofRouter(),
      routerId: { type: DataTypes.UUID, primaryKey: true },
      mac: { type: DataTypes.MACADDR, primaryKey: true },
      startsAt: { type: DataTypes.DATE, primaryKey: true },
      endsAt: { type: DataTypes.DATE, allowNull: false },
      downBytes: { type: DataTypes.BIGINT, allowNull: false },
      upBytes: { type: DataTypes.BIGINT, allowNull: false },
    },
    { sequelize, ...storage('UsageSample', 'usage_samples') },
  );
  return Bound;
}
