import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { primaryKey, storage } from './storage.ts';

/** The head of an audit chain as it was, signed by the api: what was behind it cannot be cut off or written anew unnoticed. */
export class AuditAnchor extends Model<InferAttributes<AuditAnchor>, InferCreationAttributes<AuditAnchor>> {
  declare id: CreationOptional<string>;
  declare organisationId: string | null;
  /** A bigint as text. */
  declare position: string;
  declare hash: Buffer;
  declare signedAt: Date;
  declare keyId: string;
  declare signature: Buffer;
}

/** @returns a class of its own for this connection. */
export function bindAuditAnchor(sequelize: Sequelize): typeof AuditAnchor {
  class Bound extends AuditAnchor {}
  Bound.init(
    {
      id: primaryKey(),
      organisationId: DataTypes.UUID,
      position: { type: DataTypes.BIGINT, allowNull: false },
      hash: { type: DataTypes.BLOB, allowNull: false },
      signedAt: { type: DataTypes.DATE, allowNull: false },
      keyId: { type: DataTypes.TEXT, allowNull: false },
      signature: { type: DataTypes.BLOB, allowNull: false },
    },
    { sequelize, ...storage('AuditAnchor', 'audit_anchors') },
  );
  return Bound;
}
