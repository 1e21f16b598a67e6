import { AwsClient } from 'aws4fetch';
import type { ApiConfig } from '../config.ts';
import type { RecordingSource } from './recording-source.ts';

/** A bucket answered what it should not have. */
export class BucketError extends Error {
  override name = 'BucketError';
}

/** Bytes of one part of an upload; the least that S3 takes is 5 MiB. */
const PART_BYTES = 8_388_608;
/** A request that takes longer is given up, in milliseconds. */
const REQUEST_MS = 60_000;
const UPLOAD_ID = /<UploadId>(?<id>[^<]{1,1000})<\/UploadId>/u;

/** An S3-compatible bucket, addressed by path. TLS is verified by the runtime; there is no way to turn that off. */
export class Bucket {
  readonly #url: string;
  readonly #client: AwsClient;

  constructor({ url, region, accessKeyId, secretAccessKey }: NonNullable<ApiConfig['recordings']['bucket']>) {
    this.#url = url.replace(/\/+$/u, '');
    // Repeating is the caller's: it knows for how long.
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 0 });
  }

  /** Puts a whole recording there, in place of an earlier try. Holds one part of it at a time. */
  async put(id: string, source: RecordingSource): Promise<void> {
    if (source.size <= PART_BYTES) {
      await this.#ask('PUT', id, '', await bytesOf(source, 0, source.size));
    } else await this.#putInParts(id, source);
    const stored = await this.#sizeOf(id);
    if (stored !== source.size) throw new BucketError(`the bucket holds ${stored} of ${source.size} bytes`);
  }

  /** @returns null when it is not there. */
  async open(id: string): Promise<RecordingSource | null> {
    const size = await this.#sizeOf(id);
    if (size === null) return null;
    return {
      size,
      stream: (from = 0, to = size) => this.#stream(id, from, Math.min(to, size)),
      close: async () => {},
    };
  }

  /** Deletes one that is there, or is not. */
  async remove(id: string): Promise<void> {
    await this.#ask('DELETE', id, '');
  }

  async #putInParts(id: string, source: RecordingSource): Promise<void> {
    const begun = await (await this.#ask('POST', id, '?uploads=')).text();
    const upload = encodeURIComponent(UPLOAD_ID.exec(begun)?.groups?.['id'] ?? '');
    if (upload === '') throw new BucketError('the bucket began no upload');
    try {
      const parts: string[] = [];
      for (let at = 0, part = 1; at < source.size; at += PART_BYTES, part += 1) {
        const bytes = await bytesOf(source, at, Math.min(source.size, at + PART_BYTES));
        const answer = await this.#ask('PUT', id, `?partNumber=${part}&uploadId=${upload}`, bytes);
        const tag = (answer.headers.get('etag') ?? '').replaceAll(/[^\w"-]/gu, '');
        parts.push(`<Part><PartNumber>${part}</PartNumber><ETag>${tag.replaceAll('"', '&quot;')}</ETag></Part>`);
      }
      const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
      // It may say 200 and then, in the body, that it failed.
      const done = await (await this.#ask('POST', id, `?uploadId=${upload}`, Buffer.from(body))).text();
      if (done.includes('<Error>')) throw new BucketError('the bucket did not put the parts together');
    } catch (error) {
      await this.#ask('DELETE', id, `?uploadId=${upload}`).catch(() => undefined);
      throw error;
    }
  }

  async *#stream(id: string, from: number, to: number): AsyncGenerator<Buffer> {
    for (let at = from; at < to; at += PART_BYTES) {
      const last = Math.min(to, at + PART_BYTES) - 1;
      const answer = await this.#ask('GET', id, '', undefined, { range: `bytes=${at}-${last}` });
      const bytes = Buffer.from(await answer.arrayBuffer());
      if (bytes.length !== last - at + 1) throw new BucketError('the bucket sent another range than was asked for');
      yield bytes;
    }
  }

  async #sizeOf(id: string): Promise<number | null> {
    const answer = await this.#fetch('HEAD', id, '');
    if (answer.status === 404) return null;
    if (!answer.ok) throw new BucketError(`the bucket answered ${answer.status} to HEAD`);
    return Number(answer.headers.get('content-length'));
  }

  async #ask(
    method: string,
    id: string,
    query: string,
    body?: Buffer<ArrayBuffer>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const answer = await this.#fetch(method, id, query, body, headers);
    if (answer.ok) return answer;
    await answer.body?.cancel();
    throw new BucketError(`the bucket answered ${answer.status} to ${method}`);
  }

  #fetch(
    method: string,
    id: string,
    query: string,
    body?: Buffer<ArrayBuffer>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const signal = AbortSignal.timeout(REQUEST_MS);
    return this.#client.fetch(`${this.#url}/${id}.cast${query}`, {
      method,
      headers,
      signal,
      redirect: 'error',
      ...(body === undefined ? {} : { body }),
    });
  }
}

async function bytesOf(source: RecordingSource, from: number, to: number): Promise<Buffer<ArrayBuffer>> {
  const bytes = Buffer.alloc(to - from);
  let at = 0;
  for await (const chunk of source.stream(from, to)) at += chunk.copy(bytes, at);
  if (at !== bytes.length) throw new BucketError('the recording is shorter than it was');
  return bytes;
}
