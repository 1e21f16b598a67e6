import { expect, test } from '@jest/globals';
import { Readable } from 'node:stream';
import { ProblemError } from '../errors.ts';
import { metered } from './metered.ts';

const chunks = ['one', 'two', 'three'].map((text) => Buffer.from(text));
const source = () => Readable.from(chunks, { objectMode: true }) as AsyncIterable<Buffer> & Readable;
const free = { take: () => undefined };
const unseen = { add: () => undefined };

async function taken(generator: AsyncIterable<Buffer>, into: string[] = []): Promise<string[]> {
  for await (const chunk of generator) into.push(chunk.toString());
  return into;
}

test('everything passes once and is seen', async () => {
  const seen: string[] = [];
  const record = { add: (chunk: Uint8Array) => void seen.push(Buffer.from(chunk).toString()) };
  expect(await taken(metered(source(), free, record))).toEqual(['one', 'two', 'three']);
  expect(seen).toEqual(['one', 'two', 'three']);
});

test('the last chunk waits for what must be written, and never leaves when it could not be', async () => {
  const passed: string[] = [];
  await taken(
    metered(source(), free, unseen, async () => expect(passed).toEqual(['one', 'two'])),
    passed,
  );
  expect(passed).toEqual(['one', 'two', 'three']);

  const cut: string[] = [];
  const refuse = () => Promise.reject(new Error('the database is away'));
  await expect(taken(metered(source(), free, unseen, refuse), cut)).rejects.toThrow('the database is away');
  expect(cut).toEqual(['one', 'two']);
});

test('what may not pass any more does not, and its source is ended', async () => {
  const from = source();
  let moved = 0;
  const passage = {
    take: (bytes: number) => {
      moved += bytes;
      if (moved > 3) throw new ProblemError('file_quota');
    },
  };
  const passed: string[] = [];
  await expect(taken(metered(from, passage, unseen), passed)).rejects.toThrow(ProblemError);
  expect(passed).toEqual(['one']);
  expect(from.destroyed).toBe(true);
});
