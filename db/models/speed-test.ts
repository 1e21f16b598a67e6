import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { primaryKey, storage } from './storage.ts';
import { ofRouter } from './tenant-columns.ts';

/** One measurement of a router's line, in Mbps and milliseconds. */
export class SpeedTest extends Model<InferAttributes<SpeedTest>, InferCreationAttributes<SpeedTest>> {
  declare id: CreationOptional<string>;
  declare organisationId: string;
  declare routerId: string;
  declare tool: string;
  declare server: string | null;
  declare downMbps: number | null;
  declare upMbps: number | null;
  declare pingMs: number | null;
  declare jitterMs: number | null;
  declare userName: string;
  declare createdAt: CreationOptional<Date>;
}

/** @returns a class of its own for this connection. */
export function bindSpeedTest(sequelize: Sequelize): typeof SpeedTest {
  class Bound extends SpeedTest {}
  Bound.init(
    {
      id: primaryKey(),
      ...ofRouter(),
      tool: { type: DataTypes.TEXT, allowNull: false },
      server: DataTypes.TEXT,
      downMbps: DataTypes.REAL,
      upMbps: DataTypes.REAL,
      pingMs: DataTypes.REAL,
      jitterMs: DataTypes.REAL,
      userName: { type: DataTypes.TEXT, allowNull: false },
      createdAt: DataTypes.DATE,
    },
    { sequelize, ...storage('SpeedTest', 'speed_tests') },
  );
  return Bound;
}
