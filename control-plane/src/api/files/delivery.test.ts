import { beforeEach, expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import type { FileReadEnd } from '../../../contract/files.ts';
import { type DeliveryParts, deliver } from './delivery.ts';

let body: PassThrough;
/** How the transfer was recorded to have ended. */
let ends: string[];

beforeEach(() => {
  body = new PassThrough();
  ends = [];
});

const delivered = () =>
  deliver({
    bytes: { body, end: (): FileReadEnd => ({ bytes: 3, outcome: 'complete', problem: null }) },
    passage: { signal: new AbortController().signal, take: () => undefined, end: async () => undefined },
    record: { add: () => undefined, end: async (result: string) => void ends.push(result) },
    log: { warn: () => undefined },
  } as unknown as DeliveryParts);

test('breaks where the router’s bytes break, instead of ending', async () => {
  const reading = (async () => {
    for await (const chunk of delivered()) expect(String(chunk)).toBe('one');
  })();
  body.write('one');
  await new Promise((resolve) => setTimeout(resolve, 20));
  body.destroy(new Error('cut'));
  await expect(reading).rejects.toThrow('cut');
  expect(ends).toEqual(['cut']);
});

test('ends the work on the router when its reader goes', async () => {
  body.write('one');
  // The last piece is held back: another one has to come.
  setTimeout(() => body.write('two'), 20);
  for await (const chunk of delivered()) {
    expect(String(chunk)).toBe('one');
    break;
  }
  // The route ends the request to the agent; whatever comes until then is the last.
  body.write('three');
  await new Promise((resolve) => body.once('close', resolve));
  expect(body.destroyed).toBe(true);
  expect(ends).toEqual(['cut']);
});

test('is recorded as done before its last bytes are given', async () => {
  body.end('one');
  for await (const chunk of delivered()) {
    expect(String(chunk)).toBe('one');
    expect(ends).toEqual(['done']);
  }
});
