import { DataTypes, Model } from 'sequelize';
import type { InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { storage } from './storage.ts';
import { ofRouter } from './tenant-columns.ts';

/** Bytes of a device between two readings of its counters; rx is what the device received. */
export class UsageSample extends Model<InferAttributes<UsageSample>, InferCreationAttributes<UsageSample>> {
  declare organisationId: string;
  declare routerId: string;
  declare mac: string;
  declare startsAt: Date;
  declare endsAt: Date;
  /** A bigint as text, as `txBytes`. */
  declare rxBytes: string;
  declare txBytes: string;
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
      rxBytes: { type: DataTypes.BIGINT, allowNull: false },
      txBytes: { type: DataTypes.BIGINT, allowNull: false },
    },
    { sequelize, ...storage('UsageSample', 'usage_samples') },
  );
  return Bound;
}
