import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { UnreachableError } from '../../api/problem.ts';
import { Download } from './download-job.ts';
import { fileCalls } from './file-calls.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const CONTENT = Buffer.alloc(900_000, 'The quick brown fox jumps over the lazy dog. ');

/** A file on a router behind an api that knows ranges. `cutAt` breaks the line once, when so many bytes are on their way. */
const router = { content: CONTENT, tag: '"v1"', cutAt: Infinity, asked: [] as (string | null)[] };

function answer(url: string, headers: Headers): Response {
  if (url.includes('/sha256?')) return Response.json({ sha256: sha256(router.content), size: router.content.length });
  const range = headers.get('range');
  router.asked.push(range);
  const goesOn = range !== null && headers.get('if-range') === router.tag;
  const from = goesOn ? Number(/^bytes=(\d+)-$/u.exec(range)?.[1]) : 0;
  const bytes = new Uint8Array(router.content.subarray(from));
  const { cutAt } = router;
  router.cutAt = Infinity;
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(stream) {
      if (from + at >= cutAt) return stream.error(new TypeError('network error'));
      if (at >= bytes.length) return stream.close();
      stream.enqueue(bytes.subarray(at, (at += 100_000)));
    },
  });
  const length = url.includes('/archive?') ? {} : { 'content-length': String(bytes.length), etag: router.tag };
  return new Response(body, { status: goesOn ? 206 : 200, headers: length });
}

/** The browser's own storage, as far as a download uses it. */
let stored = Buffer.alloc(0);
const file = {
  write: (bytes: Uint8Array, { at }: { at: number }) => {
    stored = Buffer.concat([stored.subarray(0, at), bytes]);
    return bytes.length;
  },
  truncate: (size: number) => (stored = stored.subarray(0, size)),
  flush: () => undefined,
  close: () => undefined,
};
const directory = { getFileHandle: async () => ({ createSyncAccessHandle: async () => file }) };

const before = { fetch: globalThis.fetch, navigator: Object.getOwnPropertyDescriptor(globalThis, 'navigator') };
globalThis.fetch = async (input, init) => answer(String(input), new Headers(init?.headers));
Object.defineProperty(globalThis, 'navigator', {
  configurable: true,
  value: { storage: { getDirectory: async () => directory } },
});
afterAll(() => {
  globalThis.fetch = before.fetch;
  if (before.navigator === undefined) Reflect.deleteProperty(globalThis, 'navigator');
  else Object.defineProperty(globalThis, 'navigator', before.navigator);
});
beforeEach(() => {
  Object.assign(router, { content: CONTENT, tag: '"v1"', cutAt: Infinity, asked: [] });
  stored = Buffer.alloc(0);
});

const calls = fileCalls('a-session');
const { signal } = new AbortController();
const report = { moved: () => undefined, verifying: () => undefined, begun: () => undefined };
const downloadOf = (what: 'content' | 'archive' = 'content') =>
  new Download({ type: 'download', path: '/tmp/image', what, store: 'store' });

test('after a cut it goes on at the byte where it stopped, and compares the whole', async () => {
  router.cutAt = 400_000;
  const download = downloadOf();
  await expect(download.run(calls, signal, report)).rejects.toThrow(UnreachableError);
  expect(stored).toHaveLength(400_000);
  expect(await download.run(calls, signal, report)).toBe(sha256(CONTENT));
  expect(router.asked).toEqual([null, 'bytes=400000-']);
  expect(stored.equals(CONTENT)).toBe(true);
});

test('a file that was changed meanwhile comes anew from its first byte', async () => {
  router.cutAt = 400_000;
  const download = downloadOf();
  await expect(download.run(calls, signal, report)).rejects.toThrow(UnreachableError);
  const changed = Buffer.alloc(500_000, 'changed ');
  Object.assign(router, { content: changed, tag: '"v2"' });
  expect(await download.run(calls, signal, report)).toBe(sha256(changed));
  expect(stored.equals(changed)).toBe(true);
});

test('what is not what the router has at the end is refused, and the next try begins at the first byte', async () => {
  const download = downloadOf();
  const { fetch } = globalThis;
  globalThis.fetch = async (input, init) =>
    String(input).includes('/sha256?') ? Response.json({ sha256: '0'.repeat(64), size: 1 }) : fetch(input, init);
  try {
    await expect(download.run(calls, signal, report)).rejects.toMatchObject({
      problem: { code: 'file_checksum_mismatch' },
    });
  } finally {
    globalThis.fetch = fetch;
  }
  expect(await download.run(calls, signal, report)).toBe(sha256(CONTENT));
  expect(router.asked).toEqual([null, null]);
});

test('an archive, whose bytes nobody can go on with, begins anew and has no sum to compare', async () => {
  router.cutAt = 400_000;
  const download = downloadOf('archive');
  await expect(download.run(calls, signal, report)).rejects.toThrow(UnreachableError);
  expect(await download.run(calls, signal, report)).toBeNull();
  expect(router.asked).toEqual([null, null]);
  expect(stored.equals(CONTENT)).toBe(true);
});
