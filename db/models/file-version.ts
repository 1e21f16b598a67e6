import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { primaryKey, storage } from './storage.ts';

/** What a file of a router was before somebody saved it through the editor; written once, deleted when five newer ones are there. */
export class FileVersion extends Model<InferAttributes<FileVersion>, InferCreationAttributes<FileVersion>> {
  declare id: CreationOptional<string>;
  declare organisationId: string;
  declare routerId: string;
  /** SHA-256 of the path's wire form, 32 bytes. */
  declare pathHash: Buffer;
  declare path: string;
  /** Bytes of the content. */
  declare size: number;
  /** SHA-256 of the content, hexadecimal. */
  declare sha256: string;
  declare sealed: Buffer;
  declare userId: string | null;
  declare userName: string;
  declare createdAt: CreationOptional<Date>;
}

/** @returns a class of its own for this connection. */
export function bindFileVersion(sequelize: Sequelize): typeof FileVersion {
  class Bound extends FileVersion {}
  Bound.init(
    {
      id: primaryKey(),
      organisationId: { type: DataTypes.UUID, allowNull: false },
      routerId: { type: DataTypes.UUID, allowNull: false },
      pathHash: { type: DataTypes.BLOB, allowNull: false },
      path: { type: DataTypes.TEXT, allowNull: false },
      size: { type: DataTypes.INTEGER, allowNull: false },
      sha256: { type: DataTypes.TEXT, allowNull: false },
      sealed: { type: DataTypes.BLOB, allowNull: false },
      userId: DataTypes.UUID,
      userName: { type: DataTypes.TEXT, allowNull: false },
      createdAt: DataTypes.DATE,
    },
    { sequelize, ...storage('FileVersion', 'file_versions') },
  );
  return Bound;
}
