import { Op, type WhereOptions } from 'sequelize';
import { z } from 'zod';
import { Id, Moment } from '../../../contract/identifiers.ts';
import { ProblemError } from '../errors.ts';

const Position = z.tuple([Moment, Id]);

/** Newest first; the id breaks ties, so that a page never repeats or skips a row that stays. */
export const NEWEST_FIRST: [string, string][] = [
  ['createdAt', 'DESC'],
  ['id', 'DESC'],
];

/**
 * The rows after a cursor in {@link NEWEST_FIRST} order.
 * @throws ProblemError `invalid_request` for a cursor that is not one of ours.
 */
export function afterCursor(cursor: string | undefined, time = 'createdAt'): WhereOptions {
  if (cursor === undefined) return {};
  const position = Position.safeParse(parse(cursor));
  if (!position.success) throw new ProblemError('invalid_request', 'The cursor is not one of ours.');
  const [at, id] = position.data;
  return { [Op.or]: [{ [time]: { [Op.lt]: at } }, { [time]: at, id: { [Op.lt]: id } }] };
}

/**
 * Cuts a list that was asked with one row more than the page holds.
 * @returns the page and the cursor of its last row, null on the last page.
 */
export function toPage<Row extends { id: string }, Item>(
  rows: readonly Row[],
  limit: number,
  timeOf: (row: Row) => Date,
  present: (row: Row) => Item,
): { items: Item[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(present),
    nextCursor:
      rows.length > limit && last !== undefined
        ? Buffer.from(JSON.stringify([timeOf(last).toISOString(), last.id])).toString('base64url')
        : null,
  };
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
