import { DataTypes, Model } from 'sequelize';
import type { InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { storage } from './storage.ts';
import { ofRouter } from './tenant-columns.ts';

/** The cumulative counters of a device as a router last told them. */
export class UsageCounter extends Model<InferAttributes<UsageCounter>, InferCreationAttributes<UsageCounter>> {
  declare organisationId: string;
  declare routerId: string;
  declare mac: string;
  /** What counted, such as `nlbwmon`. */
  declare source: string;
  /** Since when the counters count, as the source names it; '' where it does not. */
  declare period: string;
  /** A bigint as text, as `upBytes`. */
  declare downBytes: string;
  declare upBytes: string;
  declare at: Date;
}

/** @returns a class of its own for this connection. */
export function bindUsageCounter(sequelize: Sequelize): typeof UsageCounter {
  class Bound extends UsageCounter {}
  Bound.init(
    {
      ...ofRouter(),
      routerId: { type: DataTypes.UUID, primaryKey: true },
      mac: { type: DataTypes.MACADDR, primaryKey: true },
      source: { type: DataTypes.TEXT, primaryKey: true },
      period: { type: DataTypes.TEXT, allowNull: false },
      downBytes: { type: DataTypes.BIGINT, allowNull: false },
      upBytes: { type: DataTypes.BIGINT, allowNull: false },
      at: { type: DataTypes.DATE, allowNull: false },
    },
    { sequelize, ...storage('UsageCounter', 'usage_counters') },
  );
  return Bound;
}
