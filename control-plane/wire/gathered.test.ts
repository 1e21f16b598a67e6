import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { PassThrough, type Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { Gathered } from './gathered.ts';

async function all(readable: Readable): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of readable as AsyncIterable<Buffer>) chunks.push(chunk);
  return chunks;
}

describe('gathered chunks', () => {
  test('are the same bytes in fewer pieces', async () => {
    const chunk = fc.integer({ min: 1, max: 40_000 }).map((length) => Buffer.alloc(length, length));
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 30 }), async (chunks) => {
        const body = new PassThrough({ highWaterMark: 4_000_000 });
        for (const each of chunks) body.write(each);
        body.end();
        const pieces = await all(body.pipe(new Gathered()));
        const whole = Buffer.concat(chunks);
        expect(Buffer.concat(pieces).equals(whole)).toBe(true);
        expect(pieces.length).toBeLessThanOrEqual(Math.ceil(whole.length / 65_536) + 1);
        expect(pieces.length).toBeLessThanOrEqual(Math.max(1, chunks.length));
      }),
    );
  });

  test('do not wait for more than there is', async () => {
    const body = new PassThrough();
    const shown: string[] = [];
    body.pipe(new Gathered()).on('data', (piece: Buffer) => shown.push(piece.toString()));
    for (const text of ['one', 'two', 'three']) {
      body.write(text);
      for (let at = 0; at < 20 && shown.at(-1) !== text; at += 1) await turn();
    }
    expect(shown).toEqual(['one', 'two', 'three']);
    body.end();
  });

  test('hold little while nobody reads', async () => {
    const body = new PassThrough();
    const pieces = body.pipe(new Gathered());
    let written = 0;
    for (let at = 0; at < 200; at += 1) {
      if (!body.write(Buffer.alloc(16_384)) && body.writableLength > 65_536) break;
      written += 16_384;
      await turn();
    }
    expect(written).toBeLessThan(1_000_000);
    pieces.destroy();
    body.destroy();
  });
});
