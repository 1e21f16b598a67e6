import { DataTypes } from 'sequelize';

/** Columns of what belongs to one router of one organisation. */
export function ofRouter() {
  return {
    organisationId: { type: DataTypes.UUID, allowNull: false },
    routerId: { type: DataTypes.UUID, allowNull: false },
  } as const;
}
