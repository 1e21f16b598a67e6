import { BaseError } from 'sequelize';

/**
 * Keeps statement, bound values, rows and the driver's error on a Sequelize error for code, but out of what a logger enumerates:
 * values of a query can be hashes of tokens, addresses and names.
 * @returns the same error.
 */
export function hideStatement(error: unknown): unknown {
  if (error instanceof BaseError) {
    for (const key of ['sql', 'parameters', 'parent', 'original', 'errors', 'fields']) {
      const property = Object.getOwnPropertyDescriptor(error, key);
      if (property?.configurable) Object.defineProperty(error, key, { ...property, enumerable: false });
    }
  }
  return error;
}
