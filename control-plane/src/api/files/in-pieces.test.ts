import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { PassThrough } from 'node:stream';
import { inPieces } from './in-pieces.ts';

describe('a body in pieces', () => {
  test('is the same bytes, in fewer of them', async () => {
    const chunk = fc.integer({ min: 1, max: 40_000 }).map((length) => Buffer.alloc(length, length));
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 30 }), async (chunks) => {
        const body = new PassThrough({ highWaterMark: 4_000_000 });
        for (const each of chunks) body.write(each);
        body.end();
        const pieces: Buffer[] = [];
        for await (const piece of inPieces(body)) pieces.push(piece);
        expect(Buffer.concat(pieces).equals(Buffer.concat(chunks))).toBe(true);
        expect(pieces.length).toBeLessThanOrEqual(Math.max(1, chunks.length));
      }),
    );
  });

  test('gives crumbs that come later when they come', async () => {
    const body = new PassThrough();
    const pieces = inPieces(body);
    for (const text of ['one', 'two', 'three']) {
      body.write(text);
      expect((await pieces.next()).value?.toString()).toBe(text);
    }
    body.end();
    expect((await pieces.next()).done).toBe(true);
  });

  test('breaks where the body breaks, and ends the body when nobody wants more', async () => {
    const broken = new PassThrough();
    const pieces = inPieces(broken);
    broken.write('one');
    await pieces.next();
    broken.destroy(new Error('cut'));
    await expect(pieces.next()).rejects.toThrow('cut');

    const left = new PassThrough();
    left.write('one');
    for await (const piece of inPieces(left)) {
      expect(piece.toString()).toBe('one');
      break;
    }
    expect(left.destroyed).toBe(true);
  });
});
