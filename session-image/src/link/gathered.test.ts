import { expect, test } from '@jest/globals';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { gathered } from './gathered.ts';

async function all(readable: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of readable as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('a body that is cut ends where it was cut, with what came of it', async () => {
  const body = new PassThrough();
  const pieces = gathered(body);
  body.write('what came');
  for (let at = 0; at < 20 && pieces.readableLength === 0; at += 1) await turn();
  body.destroy(new Error('cut'));
  expect(await all(pieces)).toBe('what came');
  expect(await all(gathered(Readable.from([]).destroy()))).toBe('');
});

test('a body outlives a reader that goes: it has its answer to give', async () => {
  const body = new PassThrough();
  const pieces = gathered(body);
  body.write('one');
  pieces.destroy();
  await turn();
  expect(body.destroyed).toBe(false);
  body.destroy();
});
