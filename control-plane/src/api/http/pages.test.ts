import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Op } from 'sequelize';
import { runs } from '../../../test/properties.ts';
import { ProblemError } from '../errors.ts';
import { afterCursor, toPage } from './pages.ts';

const row = fc.record({
  id: fc.uuid(),
  at: fc.date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true }),
});
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The instants that a condition compares with. */
function instantsOf(cursor: string): number[] {
  const where = afterCursor(cursor) as { [Op.or]: { createdAt: string | { [Op.lt]: string } }[] };
  return where[Op.or].map(({ createdAt }) => Date.parse(typeof createdAt === 'string' ? createdAt : createdAt[Op.lt]));
}

describe('cursors', () => {
  test('a page’s own cursor leads behind its last row', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 20 }), (rows) => {
        const { items, nextCursor } = toPage(
          rows,
          rows.length - 1,
          ({ at }) => at,
          ({ id }) => id,
        );
        expect(items).toHaveLength(rows.length - 1);
        const last = rows.at(-2);
        expect(instantsOf(nextCursor ?? '')).toEqual([last?.at.getTime(), last?.at.getTime()]);
        expect((nextCursor ?? '').length).toBeLessThanOrEqual(200);
        expect(
          toPage(
            rows,
            rows.length,
            ({ at }) => at,
            ({ id }) => id,
          ).nextCursor,
        ).toBeNull();
      }),
    );
  });

  test('any text is a place in the list that the database can compare with, or invalid_request', () => {
    const id = '3f0c9a5e-6f5d-4f43-9a6f-0c1d2e3f4a5b';
    const years = ['0000-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59+23:59', '1969-12-31T23:59:59Z'];
    const text = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.jsonValue().map(encode),
      fc.constantFrom(...years).map((at) => encode([at, id])),
      fc.tuple(fc.string(), fc.string()).map(encode),
      fc.date({ noInvalidDate: true }).map((at) => encode([at.toISOString(), id])),
      fc.constant(encode([{ [`$ne`]: 1 }, id])),
    );
    fc.assert(
      fc.property(text, (cursor) => {
        let instants: number[];
        try {
          instants = instantsOf(cursor);
        } catch (error) {
          expect(error).toBeInstanceOf(ProblemError);
          expect((error as ProblemError).code).toBe('invalid_request');
          return;
        }
        for (const at of instants) expect([at, at >= 0 && at < Date.UTC(10_000, 0)]).toEqual([at, true]);
      }),
      { numRuns: runs(1_000) },
    );
  });
});
