import { constants } from 'node:http2';
import type { ClientHttp2Stream } from 'node:http2';
import { Readable } from 'node:stream';
import {
  AGENT_FILE_PATHS,
  FILE_HEADER,
  FileListLine,
  FileReadEnd,
  FileReadHead,
  FileRoadView,
  FileSearchLine,
  FileStat,
} from '@netpilot/control-plane/contract/files.ts';
import type { FileChange, FileEntry, FileFound, FileReadInput } from '@netpilot/control-plane/contract/files.ts';
import { pack } from 'tar-stream';
import type { Pack } from 'tar-stream';
import type { z } from 'zod';
import type { TestLink } from './test-link.ts';

/** What a byte stream was: its head, its bytes, and what the trailer said; null when it was cut. */
export interface Received {
  head: FileReadHead;
  bytes: Buffer;
  end: FileReadEnd | null;
}

/** A problem that the agent answered with. */
export class Refused extends Error {
  readonly file: string;

  constructor(body: { file?: string; code?: string; detail?: string }) {
    super(`${body.file ?? body.code}: ${body.detail}`);
    this.file = body.file ?? body.code ?? '';
  }
}

/** @returns what refused it. @throws every other error, and when nothing was refused. */
export async function refused(work: Promise<unknown>): Promise<Refused> {
  const error = await work.then(
    () => new Error('nothing was refused'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof Refused) return error;
  throw error;
}

type Name = keyof typeof AGENT_FILE_PATHS;

/** The api's side of an agent's files. */
export class FilesClient {
  readonly #link: Pick<TestLink, 'request' | 'linked'>;

  constructor(link: Pick<TestLink, 'request' | 'linked'>) {
    this.#link = link;
  }

  async road(): Promise<FileRoadView> {
    const { status, body } = await this.#link.request('GET', AGENT_FILE_PATHS.road);
    if (status >= 400) throw new Refused(body as object);
    return FileRoadView.parse(body);
  }

  /** A request whose body and answer are JSON. */
  async ask(name: Name, input: unknown): Promise<unknown> {
    const { status, body } = await this.#link.request('POST', AGENT_FILE_PATHS[name], input);
    if (status >= 400) throw new Refused(body as object);
    return body;
  }

  async stat(path: string, follow = false): Promise<FileStat> {
    return FileStat.parse(await this.ask('stat', { path, follow }));
  }

  async change(change: FileChange): Promise<FileStat | null> {
    return ((await this.ask('change', change)) as { stat: FileStat | null }).stat;
  }

  async list(path: string): Promise<{ folder: FileStat; entries: FileEntry[]; skipped: number }> {
    const lines = await this.#lines('list', { path }, FileListLine);
    const [first, ...rest] = lines;
    const last = rest.pop();
    if (last?.type === 'problem') throw new Refused(last.problem);
    if (first?.type !== 'folder' || last?.type !== 'end') throw new Error('not as agreed');
    const entries = rest.flatMap((line) => (line.type === 'entries' ? line.entries : []));
    if (entries.length !== last.count) throw new Error('a wrong count');
    return { folder: first.folder, entries, skipped: last.skipped };
  }

  async search(path: string, text: string, limit = 1_000) {
    const lines = await this.#lines('search', { path, text, limit }, FileSearchLine);
    const last = lines.pop();
    if (last?.type === 'problem') throw new Refused(last.problem);
    if (last?.type !== 'end') throw new Error('not as agreed');
    const found: FileFound[] = lines.flatMap((line) => (line.type === 'found' ? line.found : []));
    return { found, limited: last.limited, unreadable: last.unreadable };
  }

  async read(path: string, range: Partial<FileReadInput> = {}): Promise<Received> {
    return receive(await this.open('read', { path, offset: 0, length: null, version: null, ...range }));
  }

  async tar(path: string): Promise<Received> {
    return receive(await this.open('tar', { path }));
  }

  /** Sends bytes with their input in a header. */
  async send(name: Name, input: unknown, bytes: Buffer): Promise<unknown> {
    const stream = await this.start(name, { [FILE_HEADER.request]: header(input) });
    stream.end(bytes);
    const answer = await collect(stream);
    const body: unknown = JSON.parse(answer.bytes.toString('utf8'));
    if (answer.status >= 400) throw new Refused(body as object);
    return body;
  }

  async save(path: string, bytes: Buffer | string, expect: unknown = { type: 'anything' }, mode: number | null = null) {
    return FileStat.parse(await this.send('save', { path, expect, mode }, Buffer.from(bytes as string)));
  }

  /** Opens a stream with JSON as its body; nothing is read of the answer. */
  async open(name: Name, input: unknown): Promise<ClientHttp2Stream> {
    const stream = await this.start(name, {});
    stream.end(JSON.stringify(input));
    return stream;
  }

  async start(name: Name, headers: Record<string, string>): Promise<ClientHttp2Stream> {
    const session = await this.#link.linked();
    const stream = session.request({ ':method': 'POST', ':path': AGENT_FILE_PATHS[name], ...headers });
    stream.on('error', () => undefined);
    return stream;
  }

  async #lines<T extends z.ZodType>(name: Name, input: unknown, schema: T): Promise<z.infer<T>[]> {
    const { status, bytes } = await collect(await this.open(name, input));
    if (status >= 400) throw new Refused(JSON.parse(bytes.toString('utf8')) as object);
    return bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => schema.parse(JSON.parse(line)));
  }
}

export function header(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

export function fromHeader<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> | null {
  if (typeof value !== 'string') return null;
  return schema.parse(JSON.parse(Buffer.from(value, 'base64url').toString('utf8')));
}

/** Reads a byte stream to its end. @throws Refused */
export async function receive(stream: ClientHttp2Stream): Promise<Received> {
  const { status, headers, trailers, bytes } = await collect(stream);
  if (status >= 400) throw new Refused(JSON.parse(bytes.toString('utf8')) as object);
  const head = fromHeader(FileReadHead, headers[FILE_HEADER.head]);
  if (!head) throw new Error('no head');
  return { head, bytes, end: fromHeader(FileReadEnd, trailers[FILE_HEADER.end]) };
}

export function cancel(stream: ClientHttp2Stream): void {
  stream.close(constants.NGHTTP2_CANCEL);
}

/** Bytes that come in pieces, as an upload's do. */
export function inPieces(bytes: Buffer, size: number): Readable {
  const pieces: Buffer[] = [];
  for (let from = 0; from < bytes.length; from += size) pieces.push(bytes.subarray(from, from + size));
  return Readable.from(pieces);
}

export type ArchiveEntry = Parameters<Pack['entry']>[0] & { content?: string | Buffer };

/** @returns a tar archive. */
export async function archiveOf(entries: readonly ArchiveEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...entry } of entries) archive.entry(entry, content ?? '');
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

async function collect(stream: ClientHttp2Stream) {
  let status = 0;
  let headers: Record<string, unknown> = {};
  let trailers: Record<string, unknown> = {};
  const parts: Buffer[] = [];
  stream.on('response', (got) => {
    status = got[':status'] ?? 0;
    headers = got;
  });
  stream.on('trailers', (got) => (trailers = got));
  stream.on('data', (part: Buffer) => parts.push(part));
  await new Promise<void>((resolve) => stream.once('close', resolve));
  return { status, headers, trailers, bytes: Buffer.concat(parts) };
}
