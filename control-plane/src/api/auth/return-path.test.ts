import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { safeReturnPath } from './return-path.ts';

describe('return path of a sign-in', () => {
  test.each(['/', '/routers', '/sessions/1?tab=2#end'])('keeps %s', (path) => expect(safeReturnPath(path)).toBe(path));

  test.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    '/api/v1/auth/sign-in',
    '/x/../api/v1/me',
    'routers',
    '',
    undefined,
    `/${'a'.repeat(600)}`,
  ])('turns %p into the start page', (path) => expect(safeReturnPath(path)).toBe('/'));

  test('never leads to another site', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.string().map((rest) => `/${rest}`),
        ),
        (path) => {
          expect(new URL(safeReturnPath(path), 'https://bastion.example').origin).toBe('https://bastion.example');
        },
      ),
    );
  });
});
