import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, NonAttribute, Sequelize } from 'sequelize';
import type { Organisation } from './organisation.ts';
import { storage } from './storage.ts';
import type { User } from './user.ts';

/** What a member may do in an organisation, most first. */
export type MembershipRole = 'owner' | 'admin' | 'operator' | 'viewer';

/** That a person belongs to an organisation; one row per pair. */
export class Membership extends Model<InferAttributes<Membership>, InferCreationAttributes<Membership>> {
  declare organisationId: string;
  declare userId: string;
  declare role: MembershipRole;
  declare createdAt: CreationOptional<Date>;
  declare user?: NonAttribute<User>;
  declare organisation?: NonAttribute<Organisation>;
}

/** @returns a class of its own for this connection. */
export function bindMembership(sequelize: Sequelize): typeof Membership {
  class Bound extends Membership {}
  Bound.init(
    {
      organisationId: { type: DataTypes.UUID, primaryKey: true },
      userId: { type: DataTypes.UUID, primaryKey: true },
      role: { type: DataTypes.TEXT, allowNull: false },
      createdAt: DataTypes.DATE,
    },
    { sequelize, ...storage('Membership', 'memberships') },
  );
  return Bound;
}
