import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { primaryKey, storage } from './storage.ts';
import { ofRouter } from './tenant-columns.ts';

/** Devices of one router under one policy; the one with `guest` is there from the start and cannot be deleted. */
export class DeviceGroup extends Model<InferAttributes<DeviceGroup>, InferCreationAttributes<DeviceGroup>> {
  declare id: CreationOptional<string>;
  declare organisationId: string;
  declare routerId: string;
  declare name: string;
  declare guest: CreationOptional<boolean>;
  /** As the router confirmed it; parsed with the contract by whoever reads it. */
  declare policy: CreationOptional<unknown>;
  declare createdAt: CreationOptional<Date>;
}

/** @returns a class of its own for this connection. */
export function bindDeviceGroup(sequelize: Sequelize): typeof DeviceGroup {
  class Bound extends DeviceGroup {}
  Bound.init(
    {
      id: primaryKey(),
      ...ofRouter(),
      name: { type: DataTypes.TEXT, allowNull: false },
      guest: DataTypes.BOOLEAN,
      policy: DataTypes.JSONB,
      createdAt: DataTypes.DATE,
    },
    { sequelize, ...storage('DeviceGroup', 'device_groups') },
  );
  return Bound;
}
