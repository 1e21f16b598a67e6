import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { AuditQuery } from './audit.ts';
import { LockInput } from './oversight.ts';

const accepts = (query: object) => AuditQuery.safeParse(query).success;

describe('a query of the audit trail', () => {
  test('takes each filter', () => {
    const id = '3f0c9a5e-6f5d-4f43-9a6f-0c1d2e3f4a5b';
    const whole = { action: 'sign_in', personId: id, routerId: id, from: '2026-01-01T00:00:00Z', text: "it's 100%_\\" };
    expect(accepts({ ...whole, until: '2026-01-02T00:00:00+02:00', limit: '10' })).toBe(true);
  });

  test.each<[string, object]>([
    ['a year that the database does not know', { from: '0000-01-01T00:00:00Z' }],
    ['a time before all rows', { until: '1969-12-31T23:59:59Z' }],
    ['a time that an offset moves beyond year 9999', { until: '9999-12-31T23:59:59-10:00' }],
    ['no time', { from: 'yesterday' }],
    ['an action that there is not', { action: 'sign_in; drop table audit_events' }],
    ['an id that is none', { routerId: "' or 1=1 --" }],
    ['text that steers a terminal', { text: '\u001b]0;x\u0007' }],
    ['a null byte', { text: 'a\u0000b' }],
    ['nothing to look for', { text: '   ' }],
    ['a long text', { text: 'x'.repeat(101) }],
    ['a filter that there is not', { organisationId: 'x' }],
    ['too many at once', { limit: '101' }],
  ])('refuses %s', (_what, query) => expect(accepts(query)).toBe(false));

  test('whatever comes, ids, times and text that pass are what the database takes', () => {
    const any = fc.record({ text: fc.string({ unit: 'binary' }), from: fc.string(), routerId: fc.string() });
    fc.assert(
      fc.property(any, (query) => {
        const parsed = AuditQuery.safeParse(query);
        if (!parsed.success) return;
        expect(parsed.data.routerId).toMatch(/^[0-9a-f-]{36}$/iu);
        expect(new Date(parsed.data.from ?? '').toISOString()).toMatch(/^\d{4}-/u);
        expect(parsed.data.text).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

test('a lock ends at a time that the database knows', () => {
  const lock = (expiresAt: string) =>
    LockInput.safeParse({
      organisationId: null,
      target: { type: 'user', userId: '3f0c9a5e-6f5d-4f43-9a6f-0c1d2e3f4a5b' },
      message: 'x',
      expiresAt,
    }).success;
  expect([lock('2099-01-01T00:00:00Z'), lock('9999-12-31T23:59:59-10:00')]).toEqual([true, false]);
});
