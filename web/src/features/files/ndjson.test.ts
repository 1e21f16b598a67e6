import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { readLines } from './ndjson.ts';

const answer = (chunks: readonly Uint8Array[]) =>
  new Response(
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    }),
  );

async function all(response: Response): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of readLines(response, z.unknown())) values.push(value);
  return values;
}

test('every value comes once and in order, wherever the answer is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.nat()), async (values, cuts) => {
      const bytes = new TextEncoder().encode(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
      const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((one, other) => one - other), bytes.length];
      const chunks = edges.slice(1).map((edge, at) => bytes.subarray(edges[at], edge));
      expect(JSON.stringify(await all(answer(chunks)))).toBe(JSON.stringify(values));
    }),
  );
});

test('an answer that breaks off in a line, or is none of ours, is an error', async () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  await expect(all(answer([bytes('{"a":1}\n{"a"')]))).rejects.toThrow('broke off');
  await expect(all(answer([bytes('<html>\n')]))).rejects.toMatchObject({ problem: { code: 'internal' } });
  await expect(
    (async () => {
      for await (const value of readLines(answer([bytes('1\n')]), z.string())) return value;
    })(),
  ).rejects.toMatchObject({ problem: { code: 'internal' } });
});
