import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { StringDecoder } from 'node:string_decoder';
import type { ExecResult } from '@netpilot/control-plane/contract/sessions.ts';

/** What a command left, its output as bytes. */
export interface CommandOutcome extends Omit<ExecResult, 'stdout' | 'stderr' | 'encoding'> {
  stdout: readonly Buffer[];
  stderr: readonly Buffer[];
}

/** Bytes turned into JSON at a time; a multiple of 3, so that pieces of base64 join. */
const PIECE = 49_152;

/**
 * The JSON of an {@link ExecResult} in pieces. As one string it could take six times the output (control characters are escaped), which
 * is more than the heap of a sandbox.
 */
export function* answerPieces({ stdout, stderr, ...rest }: CommandOutcome): Generator<string> {
  const out = Buffer.concat(stdout);
  const err = Buffer.concat(stderr);
  const encoding = isUtf8(out) && isUtf8(err) ? 'utf-8' : 'base64';
  yield `${JSON.stringify({ ...rest, encoding }).slice(0, -1)},"stdout":"`;
  yield* encode(out, encoding);
  yield '","stderr":"';
  yield* encode(err, encoding);
  yield '"}';
}

function* encode(bytes: Buffer, encoding: ExecResult['encoding']): Generator<string> {
  const decoder = new StringDecoder('utf8');
  for (let at = 0; at < bytes.length; at += PIECE) {
    const piece = bytes.subarray(at, at + PIECE);
    yield encoding === 'base64' ? piece.toString('base64') : JSON.stringify(decoder.write(piece)).slice(1, -1);
  }
}

/** Answers with the outcome, no faster than it is read. */
export async function sendOutcome(stream: ServerHttp2Stream, outcome: CommandOutcome): Promise<void> {
  if (stream.destroyed || stream.closed) return;
  stream.respond({ ':status': 200, 'content-type': 'application/json' });
  const closed = new AbortController();
  stream.once('close', () => closed.abort());
  for (const piece of answerPieces(outcome)) {
    if (closed.signal.aborted) return;
    if (stream.write(piece)) continue;
    await once(stream, 'drain', { signal: closed.signal }).catch(() => undefined);
  }
  stream.end();
}
