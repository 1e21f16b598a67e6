import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { storage } from './storage.ts';
import { ofRouter } from './tenant-columns.ts';

/**
 * One thing that a router is set to: a row for each kind and subject (a MAC, a name, or '' for the whole router). Where `desired` and
 * `observed` differ, router and database have drifted apart. Both are parsed with the contract by whoever reads them.
 */
export class RouterPolicy extends Model<InferAttributes<RouterPolicy>, InferCreationAttributes<RouterPolicy>> {
  declare organisationId: string;
  declare routerId: string;
  declare kind: string;
  declare subject: string;
  /** What was asked for and confirmed; null when nothing was. */
  declare desired: unknown;
  /** What the router said at `observedAt`; null when it has nothing of it. */
  declare observed: unknown;
  declare observedAt: Date | null;
  declare changedAt: CreationOptional<Date>;
  declare changedBy: string | null;
}

/** @returns a class of its own for this connection. */
export function bindRouterPolicy(sequelize: Sequelize): typeof RouterPolicy {
  class Bound extends RouterPolicy {}
  Bound.init(
    {
      ...ofRouter(),
      routerId: { type: DataTypes.UUID, primaryKey: true },
      kind: { type: DataTypes.TEXT, primaryKey: true },
      subject: { type: DataTypes.TEXT, primaryKey: true },
      desired: DataTypes.JSONB,
      observed: DataTypes.JSONB,
      observedAt: DataTypes.DATE,
      changedAt: DataTypes.DATE,
      changedBy: DataTypes.UUID,
    },
    { sequelize, ...storage('RouterPolicy', 'router_policies') },
  );
  return Bound;
}
