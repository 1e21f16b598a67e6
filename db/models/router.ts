import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { primaryKey, storage } from './storage.ts';

/** `enrolled`: the router dials in with its own key; `manual`: somebody else holds the tunnel open. */
export type RouterAttachment = 'enrolled' | 'manual';
export type RouterAlgorithms = 'modern' | 'legacy';
export type RouterAuthentication = 'bastion_key' | 'password' | 'private_key';

/** A router of an organisation; keys are OpenSSH public key lines without comment (RFC 4253, section 6.6). */
export class Router extends Model<InferAttributes<Router>, InferCreationAttributes<Router>> {
  declare id: CreationOptional<string>;
  declare organisationId: string;
  declare ownerId: string;
  declare name: string;
  declare userName: string;
  declare algorithms: CreationOptional<RouterAlgorithms>;
  declare attachment: RouterAttachment;
  declare authentication: RouterAuthentication;
  declare tunnelPort: number | null;
  declare tunnelKey: string | null;
  declare hostKey: string | null;
  declare pendingHostKey: string | null;
  declare bastionPublicKey: string | null;
  /** Sealed; never plain text. */
  declare credential: Buffer | null;
  declare enrolmentTokenHash: Buffer | null;
  declare enrolmentExpiresAt: Date | null;
  declare enrolledAt: Date | null;
  declare lastSeenAt: Date | null;
  declare createdAt: CreationOptional<Date>;
}

/** @returns a class of its own for this connection. */
export function bindRouter(sequelize: Sequelize): typeof Router {
  class Bound extends Router {}
  Bound.init(
    {
      id: primaryKey(),
      organisationId: { type: DataTypes.UUID, allowNull: false },
      ownerId: { type: DataTypes.UUID, allowNull: false },
      name: { type: DataTypes.TEXT, allowNull: false },
      userName: { type: DataTypes.TEXT, allowNull: false },
      algorithms: DataTypes.TEXT,
      attachment: { type: DataTypes.TEXT, allowNull: false },
      authentication: { type: DataTypes.TEXT, allowNull: false },
      tunnelPort: DataTypes.INTEGER,
      tunnelKey: DataTypes.TEXT,
      hostKey: DataTypes.TEXT,
      pendingHostKey: DataTypes.TEXT,
      bastionPublicKey: DataTypes.TEXT,
      credential: DataTypes.BLOB,
      enrolmentTokenHash: DataTypes.BLOB,
      enrolmentExpiresAt: DataTypes.DATE,
      enrolledAt: DataTypes.DATE,
      lastSeenAt: DataTypes.DATE,
      createdAt: DataTypes.DATE,
    },
    { sequelize, ...storage('Router', 'routers') },
  );
  return Bound;
}
