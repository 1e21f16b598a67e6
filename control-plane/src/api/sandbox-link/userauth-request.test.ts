import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseUserauthRequest } from './userauth-request.ts';

const KEY = Buffer.concat([string('ssh-ed25519'), string(Buffer.alloc(32, 7))]);
const LINE = `ssh-ed25519 ${KEY.toString('base64')}`;

function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

interface Parts {
  sessionId: Buffer;
  message: number;
  user: string;
  service: string;
  method: string;
  signed: number;
  algorithm: string;
  key: Buffer;
  rest: Buffer;
}

function request(change: Partial<Parts> = {}): Buffer {
  const parts: Parts = {
    sessionId: Buffer.alloc(32, 1),
    message: 50,
    user: 'root',
    service: 'ssh-connection',
    method: 'publickey',
    signed: 1,
    algorithm: 'ssh-ed25519',
    key: KEY,
    rest: Buffer.alloc(0),
    ...change,
  };
  return Buffer.concat([
    string(parts.sessionId),
    Buffer.from([parts.message]),
    string(parts.user),
    string(parts.service),
    string(parts.method),
    Buffer.from([parts.signed]),
    string(parts.algorithm),
    string(parts.key),
    parts.rest,
  ]);
}

describe('parseUserauthRequest', () => {
  test('knows a sign-in of this user with this key', () => {
    expect(parseUserauthRequest(request(), 'root', LINE)).toEqual({ algorithm: 'ssh-ed25519' });
    for (const length of [20, 48, 64]) {
      expect(parseUserauthRequest(request({ sessionId: Buffer.alloc(length) }), 'root', LINE)).not.toBeNull();
    }
  });

  test('an RSA key may sign with SHA-2, never with the algorithm of another key type', () => {
    const key = Buffer.concat([string('ssh-rsa'), string(Buffer.from([1, 0, 1])), string(Buffer.alloc(257, 9))]);
    const line = `ssh-rsa ${key.toString('base64')}`;
    expect(parseUserauthRequest(request({ key, algorithm: 'rsa-sha2-256' }), 'root', line)).toEqual({
      algorithm: 'rsa-sha2-256',
    });
    expect(parseUserauthRequest(request({ key, algorithm: 'ssh-ed25519' }), 'root', line)).toBeNull();
  });

  test.each<[string, Partial<Parts>]>([
    ['another user', { user: 'admin' }],
    ['a user with a tail', { user: 'root\0' }],
    ['another service', { service: 'ssh-userauth' }],
    ['another method', { method: 'hostbased' }],
    ['a probe without signature', { signed: 0 }],
    ['a boolean that is not 1', { signed: 255 }],
    ['another message', { message: 51 }],
    ['another algorithm', { algorithm: 'ssh-ed25519-cert-v01@openssh.com' }],
    ['a prototype name as algorithm', { algorithm: 'constructor' }],
    ['another key', { key: Buffer.concat([KEY.subarray(0, -1), Buffer.from([8])]) }],
    ['no key', { key: Buffer.alloc(0) }],
    ['bytes behind', { rest: Buffer.from([0]) }],
    ['a session id of a strange length', { sessionId: Buffer.alloc(31) }],
    ['no session id', { sessionId: Buffer.alloc(0) }],
  ])('refuses %s', (_name, change) => {
    expect(parseUserauthRequest(request(change), 'root', LINE)).toBeNull();
  });

  test('refuses everything cut short', () => {
    const whole = request();
    for (let length = 0; length < whole.length; length += 1) {
      expect(parseUserauthRequest(whole.subarray(0, length), 'root', LINE)).toBeNull();
    }
  });

  test('refuses an SSHSIG blob, so that no file or certificate can be signed', () => {
    const blob = Buffer.concat([
      Buffer.from('SSHSIG'),
      string('file'),
      string(''),
      string('sha512'),
      string(Buffer.alloc(64)),
    ]);
    expect(parseUserauthRequest(blob, 'root', LINE)).toBeNull();
  });

  test('never throws and never takes random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(parseUserauthRequest(bytes, 'root', LINE)).toBeNull();
      }),
    );
  });

  test('any flipped bit outside the session id is refused', () => {
    const whole = request();
    fc.assert(
      fc.property(fc.integer({ min: 36, max: whole.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const flipped = Buffer.from(whole);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        expect(parseUserauthRequest(flipped, 'root', LINE)).toBeNull();
      }),
    );
  });
});
