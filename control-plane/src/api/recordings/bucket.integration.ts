import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bucket } from './bucket.ts';
import type { RecordingSource } from './recording-source.ts';
import { BUCKET_KEYS, startTestBucket } from './test-bucket.ts';

/** Bytes as a recording. */
function sourceOf(bytes: Buffer): RecordingSource {
  return {
    size: bytes.length,
    async *stream(from = 0, to = bytes.length) {
      for (let at = from; at < to; at += 100_000) yield bytes.subarray(at, Math.min(to, at + 100_000));
    },
    close: async () => {},
  };
}

async function bytesOf(source: RecordingSource, from?: number, to?: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source.stream(from, to)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

describe('a bucket', () => {
  let server: Awaited<ReturnType<typeof startTestBucket>>;
  let url: string;
  let bucket: Bucket;

  beforeAll(async () => {
    server = await startTestBucket();
    ({ url } = server);
    bucket = new Bucket({ url, ...BUCKET_KEYS });
  });
  afterAll(() => server?.close());

  test.each([
    ['a small one', 1_000],
    ['one of several parts', 20_000_000],
  ])('keeps %s byte for byte, gives any part of it and forgets it', async (_name, size) => {
    const id = randomUUID();
    const bytes = randomBytes(size);
    expect(await bucket.open(id)).toBeNull();
    await bucket.put(id, sourceOf(bytes));
    const kept = await bucket.open(id);
    if (kept === null) throw new Error('it is not there');
    expect(kept.size).toBe(size);
    expect((await bytesOf(kept)).equals(bytes)).toBe(true);
    expect((await bytesOf(kept, size - 7, size)).equals(bytes.subarray(size - 7))).toBe(true);
    await bucket.remove(id);
    expect(await bucket.open(id)).toBeNull();
    await bucket.remove(id);
  });

  test('puts an earlier try right', async () => {
    const id = randomUUID();
    await bucket.put(id, sourceOf(Buffer.from('half')));
    await bucket.put(id, sourceOf(Buffer.from('the whole')));
    const kept = await bucket.open(id);
    expect(kept && (await bytesOf(kept)).toString()).toBe('the whole');
  });

  test('refuses a wrong key, another bucket and a source that shrinks', async () => {
    const source = sourceOf(Buffer.from('x'));
    await expect(
      new Bucket({ url, ...BUCKET_KEYS, accessKeyId: 'somebody' }).put(randomUUID(), source),
    ).rejects.toThrow('403');
    await expect(new Bucket({ url: `${url}-missing`, ...BUCKET_KEYS }).put(randomUUID(), source)).rejects.toThrow(
      '404',
    );
    await expect(bucket.put(randomUUID(), { ...source, size: 2 })).rejects.toThrow('shorter');
  });

  test('is not spoken to over TLS that cannot be verified', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'netpilot-tls-'));
    const [key, cert] = [join(directory, 'tls.key'), join(directory, 'tls.crt')];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '1',
        '-subj',
        '/CN=127.0.0.1',
      ].concat(['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert]),
      { stdio: 'ignore', timeout: 60_000 },
    );
    let asked = 0;
    const impostor = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, response) => {
      asked += 1;
      response.end();
    });
    await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = impostor.address() as AddressInfo;
      const wrong = new Bucket({ url: `https://127.0.0.1:${port}/recordings`, ...BUCKET_KEYS });
      await expect(wrong.put(randomUUID(), sourceOf(Buffer.from('secret')))).rejects.toThrow('fetch failed');
      expect(asked).toBe(0);
    } finally {
      await new Promise((resolve) => impostor.close(resolve));
      rmSync(directory, { recursive: true });
    }
  });
});
