import { CastError, MAX_LINE } from './cast-format.ts';

const LINE_FEED = 0x0a;

export interface FileLine {
  /** Without its line feed; a view that is good until the next line is asked for. */
  readonly bytes: Buffer;
  /** Offset of its first byte in the stream. */
  readonly at: number;
  /** False for what follows the last line feed. */
  readonly whole: boolean;
}

/**
 * Cuts a stream into lines; holds at most one of them.
 * @param start offset of the stream's first byte.
 * @throws CastError for a line longer than any of ours, before it is held whole.
 */
export async function* splitLines(stream: AsyncIterable<Buffer>, start = 0): AsyncGenerator<FileLine> {
  let rest: Buffer[] = [];
  let restLength = 0;
  let at = start;
  for await (const chunk of stream) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
      const tail = chunk.subarray(from, end);
      const length = restLength + tail.length;
      if (length > MAX_LINE) throw new CastError('a line that is too long');
      const bytes = restLength === 0 ? tail : Buffer.concat([...rest, tail], length);
      rest = [];
      restLength = 0;
      yield { bytes, at, whole: true };
      at += length + 1;
      from = end + 1;
    }
    if (from < chunk.length) {
      // A copy: the owner of the stream may use its chunk again.
      rest.push(Buffer.from(chunk.subarray(from)));
      restLength += chunk.length - from;
      if (restLength > MAX_LINE) throw new CastError('a line that is too long');
    }
  }
  if (restLength > 0) yield { bytes: Buffer.concat(rest, restLength), at, whole: false };
}
