import { DataTypes, Model } from 'sequelize';
import type { InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { storage } from './storage.ts';

/** An entry's place in the chain of its organisation; the database writes it when the entry is committed. */
export class AuditLink extends Model<InferAttributes<AuditLink>, InferCreationAttributes<AuditLink>> {
  declare eventId: string;
  declare organisationId: string | null;
  /** From 1, without gaps; a bigint as text. */
  declare position: string;
  /** SHA-256 of the link before and the entry. */
  declare hash: Buffer;
}

/** @returns a class of its own for this connection. */
export function bindAuditLink(sequelize: Sequelize): typeof AuditLink {
  class Bound extends AuditLink {}
  Bound.init(
    {
      eventId: { type: DataTypes.UUID, primaryKey: true },
      organisationId: DataTypes.UUID,
      position: { type: DataTypes.BIGINT, allowNull: false },
      hash: { type: DataTypes.BLOB, allowNull: false },
    },
    { sequelize, ...storage('AuditLink', 'audit_links') },
  );
  return Bound;
}
