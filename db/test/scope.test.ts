import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { scopeSettings } from '../scope.ts';

test('a scope becomes a list, nothing, or all', () => {
  const [a, b] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
  expect(scopeSettings({ organisations: [], userId: null })).toEqual(['', '']);
  expect(scopeSettings({ organisations: 'all', userId: null })).toEqual(['all', '']);
  expect(scopeSettings({ organisations: [a, b], userId: a })).toEqual([`${a},${b}`, a]);
});

test('text that is no UUID never becomes a setting', () => {
  const notUuid = fc.oneof(
    fc.string(),
    fc.constantFrom('all', '', ',', "' or true --"),
    fc.uuid().map((id) => `${id},all`),
  );
  fc.assert(
    fc.property(notUuid, (text) => {
      expect(() => scopeSettings({ organisations: [text], userId: null })).toThrow(TypeError);
      expect(() => scopeSettings({ organisations: [], userId: text })).toThrow(TypeError);
    }),
  );
});
