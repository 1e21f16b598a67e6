import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { primaryKey, storage } from './storage.ts';
import { ofRouter } from './tenant-columns.ts';

/** One operation that somebody had run on a router, and how it ended. */
export class OperationRun extends Model<InferAttributes<OperationRun>, InferCreationAttributes<OperationRun>> {
  declare id: CreationOptional<string>;
  declare organisationId: string;
  declare routerId: string;
  declare sessionId: string | null;
  declare userId: string;
  declare userName: string;
  declare operation: string;
  /** What it was about, such as a MAC; never a secret. */
  declare subject: string | null;
  declare state: string;
  /** Code of the problem that it ended with. */
  declare problem: CreationOptional<string | null>;
  declare detail: CreationOptional<string | null>;
  declare createdAt: CreationOptional<Date>;
  declare endedAt: CreationOptional<Date | null>;
}

/** @returns a class of its own for this connection. */
export function bindOperationRun(sequelize: Sequelize): typeof OperationRun {
  class Bound extends OperationRun {}
  Bound.init(
    {
      id: primaryKey(),
      ...ofRouter(),
      sessionId: DataTypes.UUID,
      userId: { type: DataTypes.UUID, allowNull: false },
      userName: { type: DataTypes.TEXT, allowNull: false },
      operation: { type: DataTypes.TEXT, allowNull: false },
      subject: DataTypes.TEXT,
      state: { type: DataTypes.TEXT, allowNull: false },
      problem: DataTypes.TEXT,
      detail: DataTypes.TEXT,
      createdAt: DataTypes.DATE,
      endedAt: DataTypes.DATE,
    },
    { sequelize, ...storage('OperationRun', 'operation_runs') },
  );
  return Bound;
}
