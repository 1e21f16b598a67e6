import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { findingOf, printable } from './finding.ts';

const open = { socketOpen: true, routerSpoke: true };

describe('naming a failure', () => {
  test.each([
    [{ ...open, socketOpen: false, error: { message: 'connect ENOENT' } }, 'no_tunnel'],
    [{ ...open, routerSpoke: false, error: { message: 'read ECONNRESET', level: 'client-socket' } }, 'no_tunnel'],
    [
      { ...open, routerSpoke: false, error: { message: 'Connection lost before handshake', level: 'protocol' } },
      'refused',
    ],
    [{ ...open, error: { message: 'read ECONNRESET', level: 'client-socket' } }, 'failed'],
    [
      { ...open, error: { message: 'All configured authentication methods failed', level: 'client-authentication' } },
      'wrong_credentials',
    ],
    [{ ...open, error: { message: 'The signature was declined.', level: 'agent' } }, 'wrong_credentials'],
    [
      { ...open, error: { message: 'Handshake failed: no matching key exchange algorithm', level: 'handshake' } },
      'no_common_algorithm',
    ],
    [
      { ...open, error: { message: 'Handshake failed: no matching host key format', level: 'handshake' } },
      'no_common_algorithm',
    ],
    [
      { ...open, error: { message: 'Handshake failed: no matching C->S cipher', level: 'handshake' } },
      'no_common_algorithm',
    ],
    [
      { ...open, error: { message: 'Handshake failed: no matching S->C MAC', level: 'handshake' } },
      'no_common_algorithm',
    ],
    [{ ...open, error: { message: 'Keepalive timeout', level: 'client-timeout' } }, 'timeout'],
    [{ ...open, error: { message: 'Too many connections', code: 12 } }, 'failed'],
  ])('%j is %s', (attempt, finding) => {
    expect(findingOf(attempt)).toBe(finding);
  });
});

test('words of a router are one bounded printable line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 3_000 }), (text) => {
      const shown = printable(text);
      expect(shown.length).toBeLessThanOrEqual(500);
      // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
      expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
  expect(printable('Go\u001b[31m away\r\n')).toBe('Go [31m away');
});
