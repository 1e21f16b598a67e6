import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
  constants,
} from 'node:http2';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { z } from 'zod';
import {
  AGENT_FILE_PATHS,
  FILE_HEADER,
  FileChanged,
  FileCount,
  FileDigest,
  FileListLine,
  FileReadEnd,
  FileReadHead,
  FileRoadView,
  FileSearchLine,
  FileSpace,
  FileStat,
  FileUnpacked,
  FileUploadState,
  type FileChange,
  type FileFollowInput,
  type FileListInput,
  type FilePathInput,
  type FileReadInput,
  type FileSaveInput,
  type FileSearchInput,
  type FileStatInput,
  type FileUploadBytes,
  type FileUploadFinish,
  type FileUploadInput,
  type FileUploadRef,
} from '../../../contract/files.ts';
import { ProblemError } from '../errors.ts';
import { LineReader } from '../gateway-client/line-reader.ts';
import { problemOf, requestJson, requestNothing } from './agent-request.ts';

/** What walks a whole tree or sums a large file on a slow router takes its time, in milliseconds. */
const LONG_MS = 900_000;
/** Bound of a problem body and of a small JSON answer in bytes. */
const MAX_ANSWER = 65_536;
/** Bound of one line of a listing: 200 entries whose names and targets are as long and as hostile as they can be. */
const MAX_LINE = 16_777_216;

/** Bytes of a file on their way. */
export interface FileBytes {
  readonly head: FileReadHead;
  /** Must be read or destroyed; destroying it ends the work on the router. */
  readonly body: Readable;
  /** What the agent says behind the last byte. @throws ProblemError `sandbox_failed` before the body has ended, or when it was cut. */
  end(): FileReadEnd;
}

/**
 * The files of the router, as the agent gives them. Every method throws ProblemError: `file_…` with the router's words, `session_not_live`,
 * and `sandbox_failed` when the link breaks or the agent breaks the contract. A signal ends what runs on the router.
 */
export class AgentFiles {
  readonly #session: () => ClientHttp2Session;

  /** @param session the link's, or throws when there is none. */
  constructor(session: () => ClientHttp2Session) {
    this.#session = session;
  }

  road(): Promise<FileRoadView> {
    return requestJson(this.#session(), { method: 'GET', path: AGENT_FILE_PATHS.road }, FileRoadView);
  }

  stat(input: FileStatInput): Promise<FileStat> {
    return this.#ask(AGENT_FILE_PATHS.stat, input, FileStat);
  }

  count(input: FilePathInput, signal?: AbortSignal): Promise<FileCount> {
    return this.#ask(AGENT_FILE_PATHS.count, input, FileCount, signal);
  }

  sha256(input: FilePathInput, signal?: AbortSignal): Promise<FileDigest> {
    return this.#ask(AGENT_FILE_PATHS.sha256, input, FileDigest, signal);
  }

  space(input: FilePathInput): Promise<FileSpace> {
    return this.#ask(AGENT_FILE_PATHS.space, input, FileSpace);
  }

  change(input: FileChange, signal?: AbortSignal): Promise<FileChanged> {
    return this.#ask(AGENT_FILE_PATHS.change, input, FileChanged, signal);
  }

  list(input: FileListInput, signal: AbortSignal): AsyncIterable<FileListLine> {
    return linesOf(this.#session, AGENT_FILE_PATHS.list, input, FileListLine, signal);
  }

  search(input: FileSearchInput, signal: AbortSignal): AsyncIterable<FileSearchLine> {
    return linesOf(this.#session, AGENT_FILE_PATHS.search, input, FileSearchLine, signal);
  }

  read(input: FileReadInput, signal: AbortSignal): Promise<FileBytes> {
    return this.#bytes(AGENT_FILE_PATHS.read, input, signal);
  }

  follow(input: FileFollowInput, signal: AbortSignal): Promise<FileBytes> {
    return this.#bytes(AGENT_FILE_PATHS.follow, input, signal);
  }

  tar(input: FilePathInput, signal: AbortSignal): Promise<FileBytes> {
    return this.#bytes(AGENT_FILE_PATHS.tar, input, signal);
  }

  uploadBegin(input: FileUploadInput): Promise<FileUploadState> {
    return this.#ask(AGENT_FILE_PATHS.uploadBegin, input, FileUploadState);
  }

  uploadBytes(input: FileUploadBytes, body: Readable, signal: AbortSignal): Promise<FileUploadState> {
    return this.#send(AGENT_FILE_PATHS.uploadBytes, input, body, FileUploadState, signal);
  }

  uploadFinish(input: FileUploadFinish): Promise<FileStat> {
    return this.#ask(AGENT_FILE_PATHS.uploadFinish, input, FileStat);
  }

  uploadAbort(input: FileUploadRef): Promise<void> {
    return requestNothing(this.#session(), { method: 'POST', path: AGENT_FILE_PATHS.uploadAbort, body: input });
  }

  save(input: FileSaveInput, body: Readable, signal: AbortSignal): Promise<FileStat> {
    return this.#send(AGENT_FILE_PATHS.save, input, body, FileStat, signal);
  }

  unpack(input: FilePathInput, body: Readable, signal: AbortSignal): Promise<FileUnpacked> {
    return this.#send(AGENT_FILE_PATHS.unpack, input, body, FileUnpacked, signal);
  }

  #ask<T extends z.ZodType>(path: string, body: unknown, schema: T, signal?: AbortSignal): Promise<z.infer<T>> {
    const request = { method: 'POST', path, body, timeoutMs: LONG_MS } as const;
    return requestJson(this.#session(), signal === undefined ? request : { ...request, signal }, schema);
  }

  async #bytes(path: string, input: unknown, signal: AbortSignal): Promise<FileBytes> {
    const stream = openJson(this.#session, path, input, signal);
    let end: FileReadEnd | null = null;
    stream.on('trailers', (trailers) => (end = fromHeader(FileReadEnd, trailers[FILE_HEADER.end])));
    const headers = await responseOf(stream);
    const head = fromHeader(FileReadHead, headers[FILE_HEADER.head]);
    if (head === null) {
      cancel(stream);
      throw new ProblemError('sandbox_failed');
    }
    return {
      head,
      body: stream,
      end() {
        if (end === null) throw new ProblemError('sandbox_failed', undefined, { cause: new Error('bytes were cut') });
        return end;
      },
    };
  }

  async #send<T extends z.ZodType>(
    path: string,
    input: unknown,
    body: Readable,
    schema: T,
    signal: AbortSignal,
  ): Promise<z.infer<T>> {
    const stream = open(this.#session, signal, {
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/octet-stream',
      [FILE_HEADER.request]: Buffer.from(JSON.stringify(input)).toString('base64url'),
    });
    // The answer decides: a refusal comes before the last byte, and what is not sent yet is of no use then. A body that breaks takes the
    // stream with it, and so the answer.
    pipeline(body, stream).catch(() => undefined);
    await responseOf(stream);
    const parsed = schema.safeParse(parse(await textOf(stream)));
    if (!parsed.success) throw new ProblemError('sandbox_failed', undefined, { cause: parsed.error });
    return parsed.data;
  }
}

type Session = () => ClientHttp2Session;
type AnswerHead = IncomingHttpHeaders & IncomingHttpStatusHeader;

function open(session: Session, signal: AbortSignal, headers: OutgoingHttpHeaders): ClientHttp2Stream {
  signal.throwIfAborted();
  const live = session();
  try {
    const stream = live.request(headers, { endStream: false, signal });
    // Whoever waits hears of a failure by the stream's end; without a listener it would end the process.
    stream.on('error', () => undefined);
    return stream;
  } catch (cause) {
    // A session that is closing takes no more streams.
    throw new ProblemError('sandbox_failed', undefined, { cause });
  }
}

function openJson(session: Session, path: string, input: unknown, signal: AbortSignal): ClientHttp2Stream {
  const stream = open(session, signal, { ':method': 'POST', ':path': path, 'content-type': 'application/json' });
  stream.end(JSON.stringify(input));
  return stream;
}

/** Waits for the head of an answer. @throws ProblemError with the agent's problem, `sandbox_failed` when none comes. */
async function responseOf(stream: ClientHttp2Stream): Promise<AnswerHead> {
  const headers = await new Promise<AnswerHead>((resolve, reject) => {
    const broken = () => reject(new ProblemError('sandbox_failed', undefined, { cause: new Error('the link broke') }));
    stream.once('response', resolve);
    stream.once('close', broken);
  });
  if (headers[':status'] === 200) return headers;
  const problem = problemOf(Buffer.from(await textOf(stream)));
  cancel(stream);
  throw problem;
}

/** @throws ProblemError `sandbox_failed` for more than {@link MAX_ANSWER}, or when the link breaks. */
async function textOf(stream: ClientHttp2Stream): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > MAX_ANSWER) throw new Error('an answer over its bound');
      parts.push(part);
    }
  } catch (cause) {
    throw new ProblemError('sandbox_failed', undefined, { cause });
  }
  return Buffer.concat(parts).toString('utf8');
}

async function* linesOf<T extends z.ZodType>(
  session: Session,
  path: string,
  input: unknown,
  schema: T,
  signal: AbortSignal,
): AsyncGenerator<z.infer<T>> {
  const stream = openJson(session, path, input, signal);
  try {
    await responseOf(stream);
    const lines = new LineReader(MAX_LINE);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      for (const line of lines.push(chunk)) yield schema.parse(JSON.parse(line));
    }
  } catch (cause) {
    throw cause instanceof ProblemError ? cause : new ProblemError('sandbox_failed', undefined, { cause });
  } finally {
    cancel(stream);
  }
}

function fromHeader<T extends z.ZodType>(schema: T, header: string | string[] | undefined): z.infer<T> | null {
  const parsed = schema.safeParse(parse(Buffer.from(String(header), 'base64url').toString('utf8')));
  return parsed.success ? parsed.data : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cancel(stream: ClientHttp2Stream): void {
  if (!stream.destroyed) stream.close(constants.NGHTTP2_CANCEL);
}
