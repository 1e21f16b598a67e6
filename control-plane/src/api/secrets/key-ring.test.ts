import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createKeyRing, SealError } from './key-ring.ts';

const key = () => randomBytes(32).toString('base64');
const ring = createKeyRing({ current: 'k1', keys: { k1: key() } });

describe('key ring', () => {
  test('opens what it sealed, in the same context', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, context) => {
        expect(ring.open(ring.seal(text, context), context)).toBe(text);
      }),
    );
  });

  test('a value moved to another row does not open', () => {
    expect(() => ring.open(ring.seal('secret', 'router a'), 'router b')).toThrow(SealError);
  });

  test('any changed byte is noticed', () => {
    const sealed = ring.seal('a password', 'router a');
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8((changed.readUInt8(at) ^ 1) & 0xff, at);
      expect(() => ring.open(changed, 'router a')).toThrow(SealError);
    }
  });

  test('a former key still opens, and its values are stale', () => {
    const keys = { old: key(), new: key() };
    const sealed = createKeyRing({ current: 'old', keys }).seal('secret', 'row');
    const rotated = createKeyRing({ current: 'new', keys });
    expect(rotated.open(sealed, 'row')).toBe('secret');
    expect(rotated.stale(sealed)).toBe(true);
    expect(rotated.stale(rotated.seal('secret', 'row'))).toBe(false);
  });

  test('bytes that are not sealed are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => ring.open(Buffer.from(bytes), 'row')).toThrow(SealError);
      }),
    );
  });
});
