import { DataTypes, Model } from 'sequelize';
import type { CreationOptional, InferAttributes, InferCreationAttributes, Sequelize } from 'sequelize';
import { primaryKey, storage } from './storage.ts';

export type RecordingState = 'recording' | 'complete' | 'broken' | 'deleted';
/** Where the file is: in the directory of the api that wrote it, or in the bucket of all. */
export type RecordingPlace = 'directory' | 'bucket';

/** The recording of one terminal; names are kept as they were. */
export class Recording extends Model<InferAttributes<Recording>, InferCreationAttributes<Recording>> {
  declare id: CreationOptional<string>;
  declare organisationId: string;
  declare sessionId: string;
  declare terminalId: number;
  declare routerId: string | null;
  declare routerName: string;
  declare userId: string;
  declare userName: string;
  declare state: CreationOptional<RecordingState>;
  declare place: CreationOptional<RecordingPlace>;
  declare startedAt: CreationOptional<Date>;
  declare endedAt: Date | null;
  /** Bigints as text. */
  declare outputBytes: CreationOptional<string>;
  declare fileBytes: CreationOptional<string>;
  declare chainHead: string | null;
  declare signature: string | null;
}

/** @returns a class of its own for this connection. */
export function bindRecording(sequelize: Sequelize): typeof Recording {
  class Bound extends Recording {}
  Bound.init(
    {
      id: primaryKey(),
      organisationId: { type: DataTypes.UUID, allowNull: false },
      sessionId: { type: DataTypes.UUID, allowNull: false },
      terminalId: { type: DataTypes.INTEGER, allowNull: false },
      routerId: DataTypes.UUID,
      routerName: { type: DataTypes.TEXT, allowNull: false },
      userId: { type: DataTypes.UUID, allowNull: false },
      userName: { type: DataTypes.TEXT, allowNull: false },
      state: DataTypes.TEXT,
      place: DataTypes.TEXT,
      startedAt: DataTypes.DATE,
      endedAt: DataTypes.DATE,
      outputBytes: DataTypes.BIGINT,
      fileBytes: DataTypes.BIGINT,
      chainHead: DataTypes.TEXT,
      signature: DataTypes.TEXT,
    },
    { sequelize, ...storage('Recording', 'recordings') },
  );
  return Bound;
}
