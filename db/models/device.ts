import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { primaryKey, storage } from './storage.ts';
import { ofRouter } from './tenant-columns.ts';

/** A device on a router's network: one MAC (lower case, colons). `name`, `kind` and `icon` are people's, the rest is what was seen. */
export class Device extends Model<InferAttributes<Device>, InferCreationAttributes<Device>> {
  declare id: CreationOptional<string>;
  declare organisationId: string;
  declare routerId: string;
  declare mac: string;
  declare name: CreationOptional<string | null>;
  declare kind: CreationOptional<string | null>;
  declare icon: CreationOptional<string | null>;
  declare hostname: CreationOptional<string | null>;
  declare addresses: CreationOptional<string[]>;
  /** How it hung on the router when it was last there; parsed with the contract by whoever reads it. */
  declare attachment: unknown;
  /** At the last scan. */
  declare online: CreationOptional<boolean>;
  declare firstSeenAt: CreationOptional<Date | null>;
  declare lastSeenAt: CreationOptional<Date | null>;
  declare createdAt: CreationOptional<Date>;
}

/** @returns a class of its own for this connection. */
export function bindDevice(sequelize: Sequelize): typeof Device {
  class Bound extends Device {}
  Bound.init(
    {
      id: primaryKey(),
      ...ofRouter(),
      mac: { type: DataTypes.MACADDR, allowNull: false },
      name: DataTypes.TEXT,
      kind: DataTypes.TEXT,
      icon: DataTypes.TEXT,
      hostname: DataTypes.TEXT,
      addresses: DataTypes.ARRAY(DataTypes.INET),
      attachment: DataTypes.JSONB,
      online: DataTypes.BOOLEAN,
      firstSeenAt: DataTypes.DATE,
      lastSeenAt: DataTypes.DATE,
      createdAt: DataTypes.DATE,
    },
    { sequelize, ...storage('Device', 'devices') },
  );
  return Bound;
}
