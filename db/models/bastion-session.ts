import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { primaryKey, storage } from './storage.ts';

export type BastionSessionState = 'requested' | 'queued' | 'starting' | 'connecting' | 'live' | 'ending' | 'ended';
export type BastionSessionEndReason =
  | 'user'
  | 'idle'
  | 'lifetime'
  | 'admin'
  | 'lock'
  | 'access_lost'
  | 'abandoned'
  | 'router_lost'
  | 'router_refused'
  | 'host_key_changed'
  | 'sandbox_lost'
  | 'start_failed'
  | 'shutdown';

/** One person's session with one router; names are kept as they were, so that history reads after a router is gone. */
export class BastionSession extends Model<InferAttributes<BastionSession>, InferCreationAttributes<BastionSession>> {
  declare id: CreationOptional<string>;
  declare organisationId: string;
  declare routerId: string | null;
  declare routerName: string;
  declare userId: string;
  declare userName: string;
  declare loginSessionId: string | null;
  declare state: BastionSessionState;
  declare endReason: BastionSessionEndReason | null;
  declare endDetail: string | null;
  declare sandboxId: string | null;
  declare imageDigest: string | null;
  declare createdAt: CreationOptional<Date>;
  declare liveAt: Date | null;
  declare endedAt: Date | null;
  declare lastActivityAt: Date | null;
  declare screenLockedAt: CreationOptional<Date | null>;
  declare pausedAt: CreationOptional<Date | null>;
  /** The name of who paused its input. */
  declare pausedBy: CreationOptional<string | null>;
}

/** @returns a class of its own for this connection. */
export function bindBastionSession(sequelize: Sequelize): typeof BastionSession {
  class Bound extends BastionSession {}
  Bound.init(
    {
      id: primaryKey(),
      organisationId: { type: DataTypes.UUID, allowNull: false },
      routerId: DataTypes.UUID,
      routerName: { type: DataTypes.TEXT, allowNull: false },
      userId: { type: DataTypes.UUID, allowNull: false },
      userName: { type: DataTypes.TEXT, allowNull: false },
      loginSessionId: DataTypes.UUID,
      state: { type: DataTypes.TEXT, allowNull: false },
      endReason: DataTypes.TEXT,
      endDetail: DataTypes.TEXT,
      sandboxId: DataTypes.UUID,
      imageDigest: DataTypes.TEXT,
      createdAt: DataTypes.DATE,
      liveAt: DataTypes.DATE,
      endedAt: DataTypes.DATE,
      lastActivityAt: DataTypes.DATE,
      screenLockedAt: DataTypes.DATE,
      pausedAt: DataTypes.DATE,
      pausedBy: DataTypes.TEXT,
    },
    { sequelize, ...storage('BastionSession', 'bastion_sessions') },
  );
  return Bound;
}
