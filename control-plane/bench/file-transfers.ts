import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FileUploadView } from '../contract/file-api.ts';
import { FileStat } from '../contract/files.ts';
import type { TestPerson } from '../test/harness/person.ts';

/** One person's files of one session, moved as the page and the command line move them. */
export class FileTransfers {
  readonly #person: TestPerson;
  readonly #path: string;

  constructor(person: TestPerson, sessionId: string) {
    this.#person = person;
    this.#path = `/sessions/${sessionId}/files`;
  }

  /** Which way this router's files are reached. */
  async road(): Promise<string> {
    return (await this.#person.fetch('GET', `${this.#path}/road`)).text();
  }

  /** Reads a whole answer and throws it away. @returns its bytes. @throws Error unless it is a success that came whole. */
  async discard(what: 'content' | 'archive' | 'list', path: string): Promise<number> {
    const answer = await this.#open('GET', `${what}?${new URLSearchParams({ path }).toString()}`);
    let bytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) bytes += chunk.length;
    return bytes;
  }

  /** A whole upload of a local file: begun, sent, verified and renamed. */
  async upload(file: string, size: number, path: string): Promise<void> {
    const expect = { type: 'anything' } as const;
    const { uploadId } = await this.#person.ask(FileUploadView, 'POST', `${this.#path}/uploads`, {
      path,
      size,
      expect,
    });
    const hash = createHash('sha256');
    const body = createReadStream(file, { highWaterMark: 262_144 });
    body.on('data', (chunk) => hash.update(chunk));
    const query = new URLSearchParams({ path, offset: '0' }).toString();
    const answer = await this.#open('PATCH', `uploads/${uploadId}?${query}`, { body, size });
    answer.resume();
    const end = { path, size, expect, sha256: hash.digest('hex'), mode: null };
    await this.#person.ask(FileStat, 'POST', `${this.#path}/uploads/${uploadId}/finish`, end);
  }

  /** Puts an archive below a folder. */
  async unpack(file: string, size: number, path: string): Promise<void> {
    const body = createReadStream(file, { highWaterMark: 262_144 });
    const answer = await this.#open('PUT', `archive?${new URLSearchParams({ path }).toString()}`, { body, size });
    answer.resume();
  }

  #open(method: string, path: string, send?: { body: Readable; size: number }): Promise<IncomingMessage> {
    const url = new URL(`/api/v1${this.#path}/${path}`, this.#person.url);
    const headers = {
      cookie: this.#person.jar.header(url) ?? '',
      ...(method === 'GET' ? {} : { origin: this.#person.url }),
      ...(send === undefined ? {} : { 'content-type': 'application/octet-stream', 'content-length': send.size }),
    };
    return new Promise((resolve, reject) => {
      const call = request(url, { method, headers, agent: false });
      call.once('error', reject);
      call.once('response', (response) => {
        if (response.statusCode === 200) return resolve(response);
        response.setEncoding('utf8');
        response.once('data', (text: string) => reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`)));
      });
      if (send === undefined) call.end();
      else pipeline(send.body, call).catch(reject);
    });
  }
}
