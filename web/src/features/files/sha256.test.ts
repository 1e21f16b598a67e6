import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { Sha256 } from './sha256.ts';

test('is SHA-256, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }), (parts) => {
      const ours = new Sha256();
      const theirs = createHash('sha256');
      for (const part of parts) {
        ours.update(part);
        theirs.update(part);
      }
      expect(ours.length).toBe(parts.reduce((sum, part) => sum + part.length, 0));
      expect(ours.digest()).toBe(theirs.digest('hex'));
    }),
  );
});
