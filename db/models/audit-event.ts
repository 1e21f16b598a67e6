import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, NonAttribute, Sequelize } from 'sequelize';
import type { AuditLink } from './audit-link.ts';
import { primaryKey, storage } from './storage.ts';

/** Flat, and never a secret. */
export type AuditDetails = Record<string, string | number | boolean | null>;

/** An entry of the audit trail; written once, never changed (the database refuses). */
export class AuditEvent extends Model<InferAttributes<AuditEvent>, InferCreationAttributes<AuditEvent>> {
  declare id: CreationOptional<string>;
  /** Order of writing; a bigint as text. */
  declare seq: CreationOptional<string>;
  declare at: CreationOptional<Date>;
  declare organisationId: string | null;
  declare actorId: string | null;
  declare actorName: string | null;
  declare subjectId: string | null;
  declare action: string;
  declare details: CreationOptional<AuditDetails>;
  /** Its place in the chain, where it was asked for. */
  declare link?: NonAttribute<AuditLink>;
}

/** @returns a class of its own for this connection. */
export function bindAuditEvent(sequelize: Sequelize): typeof AuditEvent {
  class Bound extends AuditEvent {}
  Bound.init(
    {
      id: primaryKey(),
      seq: DataTypes.BIGINT,
      at: DataTypes.DATE,
      organisationId: DataTypes.UUID,
      actorId: DataTypes.UUID,
      actorName: DataTypes.TEXT,
      subjectId: DataTypes.UUID,
      action: { type: DataTypes.TEXT, allowNull: false },
      details: DataTypes.JSONB,
    },
    { sequelize, ...storage('AuditEvent', 'audit_events') },
  );
  return Bound;
}
