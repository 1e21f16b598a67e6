import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

/** Bytes from which on a piece is large enough. */
const PIECE = 65_536;

/**
 * A body in larger pieces: HTTP/2 brings it in crumbs of 16 KB at most, and each would be counted, summed and sent by itself. What arrives in one
 * turn of the event loop is one piece; nothing waits longer.
 * @throws what the body breaks with.
 */
export async function* inPieces(body: Readable): AsyncGenerator<Buffer> {
  for await (const first of body as AsyncIterable<Buffer>) {
    const parts = [first];
    let { length } = first;
    if (length < PIECE) await turn();
    while (length < PIECE) {
      const next = body.read() as Buffer | null;
      if (next === null) break;
      parts.push(next);
      length += next.length;
    }
    yield parts.length === 1 ? first : Buffer.concat(parts, length);
  }
}
