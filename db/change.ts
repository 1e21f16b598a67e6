/** What `NOTIFY netpilot_changes` tells of: somebody's access may have to end, or a page shows something old. */
export interface Change {
  table: ChangedTable;
  operation: 'insert' | 'update' | 'delete';
  /** Of the row; for a membership, which has none, the person's. */
  id: string;
  organisationId?: string;
  userId?: string;
}

const TABLES = ['memberships', 'users', 'login_sessions', 'routers', 'organisations', 'locks'] as const;
export type ChangedTable = (typeof TABLES)[number];

const OPERATIONS = ['insert', 'update', 'delete'] as const;

/** @returns the change that a notification speaks of, null when the text is not one of ours. Unknown keys are left out. */
export function parseChange(payload: string): Change | null {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { table, operation, id, organisationId, userId } = value as Record<string, unknown>;
  const isTable = TABLES.find((one) => one === table);
  const isOperation = OPERATIONS.find((one) => one === operation);
  if (!isTable || !isOperation || typeof id !== 'string') return null;
  return {
    table: isTable,
    operation: isOperation,
    id,
    ...(typeof organisationId === 'string' && { organisationId }),
    ...(typeof userId === 'string' && { userId }),
  };
}
