import type { ServerHttp2Stream } from 'node:http2';
import { FILE_HEADER } from '@netpilot/control-plane/contract/files.ts';
import type { FileReadEnd, FileReadHead } from '@netpilot/control-plane/contract/files.ts';
import { cancelStream } from '../link/streams.ts';
import { asFileProblem } from './file-failure.ts';
import type { FileAttributes, OpenRead } from './file-road.ts';
import { isSameVersion, versionOf } from './version.ts';

/** Bytes of what has no size of its own: a file of /proc may have no end. */
const MAX_UNKNOWN = 64 * 1_048_576;
/** Milliseconds without a byte from the router, while somebody reads, after which a file is given up. */
const PATIENCE_MS = 120_000;

export interface ByteAnswerOptions {
  readonly head: FileReadHead;
  /** The router's; without it, what ends early was cut. */
  readonly connection: { readonly alive: boolean };
  /** True for what may be silent for long, and has no bound: a followed file, an archive. */
  readonly endless?: boolean;
}

/** Text for a header: base64url of JSON. */
export function headerOf(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/**
 * Answers with bytes no faster than they are read, then says in the trailer how it went. Resolves when nothing runs on the router any more.
 */
export async function sendBytes(stream: ServerHttp2Stream, open: OpenRead, options: ByteAnswerOptions): Promise<void> {
  const { body, attributes } = open;
  if (stream.destroyed || stream.closed) return void body.destroy();
  const announced = options.head.length;
  const bound = announced ?? (options.endless ? Number.MAX_SAFE_INTEGER : MAX_UNKNOWN);
  const end = new Promise<FileReadEnd>((resolve) => {
    let bytes = 0;
    let over = false;
    const finish = (outcome: FileReadEnd['outcome'], error?: unknown) => {
      if (over) return;
      over = true;
      clearInterval(watch);
      body.off('data', take);
      if (outcome === 'problem' && !options.connection.alive) resolve({ bytes, outcome: 'cut', problem: null });
      else resolve({ bytes, outcome, problem: outcome === 'problem' ? asFileProblem(error) : null });
      // What is left of it is not wanted; this ends what runs on the router.
      body.destroy();
    };
    const take = (chunk: Buffer) => {
      moved = true;
      const part = chunk.length > bound - bytes ? chunk.subarray(0, bound - bytes) : chunk;
      bytes += part.length;
      if (part.length > 0 && !stream.write(part)) {
        body.pause();
        stream.once('drain', resume);
      }
      if (part.length < chunk.length) finish(announced === null ? 'problem' : 'grew');
    };
    const resume = () => {
      if (!over) body.resume();
    };
    const settle = async () => {
      try {
        const { after } = await open.ended();
        finish(outcomeOf(bytes, announced, attributes, after));
      } catch (error) {
        finish('problem', error);
      }
    };
    let moved = true;
    const watch = setInterval(() => {
      if (!moved && !body.isPaused() && !options.endless) return finish('problem');
      moved = body.isPaused();
    }, PATIENCE_MS);
    body.on('data', take);
    let ended = body.readableEnded;
    // An empty one may have ended already, with the burst that brought what is said of it; of that nobody hears again.
    if (ended) void settle();
    body.once('end', () => {
      ended = true;
      void settle();
    });
    body.once('error', (error) => finish('problem', error));
    body.once('close', () => {
      // Of a channel this is told before our own listener hears of the end; tar-stream has no such flag.
      if (!ended && !body.readableEnded) finish('problem');
    });
    stream.once('close', () => finish('problem'));
    // It was stopped behind what the router said of it.
    body.resume();
  });
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/octet-stream',
      [FILE_HEADER.head]: headerOf(options.head),
    },
    { waitForTrailers: true },
  );
  let trailer: FileReadEnd | null = null;
  stream.once('wantTrailers', () => {
    if (trailer && !stream.destroyed) stream.sendTrailers({ [FILE_HEADER.end]: headerOf(trailer) });
  });
  trailer = await end;
  if (stream.destroyed || stream.closed) return;
  if (stream.writable) stream.end();
  else cancelStream(stream);
}

function outcomeOf(
  bytes: number,
  announced: number | null,
  before: FileAttributes,
  after: FileAttributes | null,
): FileReadEnd['outcome'] {
  if (announced === null) return 'complete';
  if (bytes < announced) return 'shrank';
  if (!after) return 'complete';
  if (after.size > before.size) return 'grew';
  if (after.size < before.size) return 'shrank';
  return isSameVersion(versionOf(before), versionOf(after)) ? 'complete' : 'changed';
}
