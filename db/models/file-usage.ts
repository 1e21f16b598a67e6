import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { storage } from './storage.ts';

/** Bytes of files that a person has moved on one day (UTC), both directions together. */
export class FileUsage extends Model<InferAttributes<FileUsage>, InferCreationAttributes<FileUsage>> {
  declare userId: string;
  /** `YYYY-MM-DD`. */
  declare day: string;
  /** A bigint as text. */
  declare bytes: CreationOptional<string>;
}

/** @returns a class of its own for this connection. */
export function bindFileUsage(sequelize: Sequelize): typeof FileUsage {
  class Bound extends FileUsage {}
  Bound.init(
    {
      userId: { type: DataTypes.UUID, primaryKey: true },
      day: { type: DataTypes.DATEONLY, primaryKey: true },
      bytes: DataTypes.BIGINT,
    },
    { sequelize, ...storage('FileUsage', 'file_usage') },
  );
  return Bound;
}
