import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseChange } from '../change.ts';

test('reads what the triggers send, and leaves out what it does not know', () => {
  const change = { table: 'memberships', operation: 'delete', id: 'u', organisationId: 'o', userId: 'u' };
  expect(parseChange(JSON.stringify({ ...change, secret: 'x' }))).toEqual(change);
  expect(parseChange('{"table":"routers","operation":"delete","id":"r"}')).toEqual({
    table: 'routers',
    operation: 'delete',
    id: 'r',
  });
});

test('anything else is no change', () => {
  for (const payload of [
    '',
    'null',
    '[]',
    '{"table":"secrets","operation":"delete","id":"x"}',
    '{"table":"users","operation":"update"}',
  ]) {
    expect(parseChange(payload)).toBeNull();
  }
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (payload) => parseChange(payload) === null));
});
