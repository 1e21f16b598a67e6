import { describe, expect, jest, test } from '@jest/globals';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import jwt from 'jsonwebtoken';
import { ACCESS_TOKEN_SECONDS, createAccessTokens } from './access-tokens.ts';

const makeKey = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const key = makeKey();
const tokens = createAccessTokens(key, 'https://bastion.example');
const subject = { userId: randomUUID(), loginSessionId: randomUUID() };
const signed = (options: jwt.SignOptions, secret: string = key, claims: object = { sid: subject.loginSessionId }) =>
  jwt.sign(claims, secret, {
    algorithm: 'ES256',
    keyid: jwt.decode(tokens.issue(subject), { complete: true })?.header.kid ?? '',
    subject: subject.userId,
    issuer: 'https://bastion.example',
    audience: 'netpilot-api',
    expiresIn: 60,
    ...options,
  });

describe('access tokens', () => {
  test('name the person and the login session', () => {
    expect(tokens.verify(tokens.issue(subject))).toMatchObject(subject);
    expect(tokens.verify(signed({}))).toMatchObject(subject);
  });

  test.each([
    ['has expired', () => signed({ expiresIn: -10 })],
    ['is of another issuer', () => signed({ issuer: 'https://other.example' })],
    ['is for another audience', () => signed({ audience: 'another-api' })],
    ['is signed by another key', () => createAccessTokens(makeKey(), 'https://bastion.example').issue(subject)],
    ['has another key id', () => signed({ keyid: 'another' })],
    ['is not signed', () => signed({ algorithm: 'none' }, '')],
    [
      'is signed with the public key as an HMAC secret',
      () =>
        `${Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')}.${tokens.issue(subject).split('.')[1]}.AAAA`,
    ],
    ['names no login session', () => signed({}, key, {})],
    ['names a login session that is none', () => signed({}, key, { sid: "' or 1=1" })],
  ])('a token that %s is refused', (_, make) => {
    expect(tokens.verify(make())).toBeNull();
  });

  test('a clock that jumps ahead ends a token, one that jumps back does not make an expired one of a good one', () => {
    const clock = jest.spyOn(Date, 'now');
    try {
      const token = tokens.issue(subject);
      const now = Date.now();
      clock.mockReturnValue(now + (ACCESS_TOKEN_SECONDS + 1) * 1_000);
      expect(tokens.verify(token)).toBeNull();
      clock.mockReturnValue(now - 3_600_000);
      expect(tokens.verify(token)).toMatchObject(subject);
      clock.mockReturnValue(now);
      expect(tokens.verify(token)).toMatchObject(subject);
    } finally {
      clock.mockRestore();
    }
  });

  test('no string but a token passes', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => expect(tokens.verify(text)).toBeNull()));
  });

  test('a key of another kind is refused at start', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    expect(() => createAccessTokens(rsa.export({ type: 'pkcs8', format: 'pem' }).toString(), 'x')).toThrow();
  });
});
