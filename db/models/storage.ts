import { DataTypes } from 'sequelize';

/** What every model shares: snake_case columns, and instants that the database sets (defaults), not Sequelize. */
export function storage(modelName: string, tableName: string) {
  return { modelName, tableName, underscored: true, timestamps: false } as const;
}

/** A UUID known before the row is written, so that a scope or a seal can be bound to it. */
export function primaryKey() {
  return { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 } as const;
}
