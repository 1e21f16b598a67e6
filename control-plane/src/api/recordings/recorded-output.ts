import { CODE, type CastEvent, CastError, codeOf, parseEvent } from './cast-format.ts';
import type { OutputPlace } from './output-index.ts';
import { type FileLine, splitLines } from './split-lines.ts';

/** The output of one event and where the event stands. */
export interface OutputPiece {
  readonly bytes: Buffer;
  /** Offset of its first byte. */
  readonly output: number;
  readonly seconds: number;
}

/**
 * The exact output in a part of a recording's file.
 * @param stream the file from `from.at` on, which must be 0 or where an event begins (not the `o` behind a `b`).
 * @throws CastError for what this program does not write.
 */
export async function* recordedOutput(stream: AsyncIterable<Buffer>, from: OutputPlace): AsyncGenerator<OutputPiece> {
  let { output } = from;
  let exact: Buffer | null = null;
  for await (const line of splitLines(stream, from.at)) {
    if (!line.whole) return;
    const event = outputEvent(line);
    if (event?.code === 'b') exact = event.bytes;
    if (event?.code !== 'o') continue;
    const bytes: Buffer = exact ?? Buffer.from(event.text);
    exact = null;
    if (bytes.length > 0) yield { bytes, output, seconds: event.seconds };
    output += bytes.length;
  }
}

/**
 * Reads exact output.
 * @param stream as for {@link recordedOutput}.
 * @param offset of the first byte wanted.
 * @returns at most `maxBytes`.
 */
export async function readOutput(
  stream: AsyncIterable<Buffer>,
  from: OutputPlace,
  offset: number,
  maxBytes: number,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const { bytes, output } of recordedOutput(stream, from)) {
    const start = Math.max(0, offset - output);
    if (start >= bytes.length) continue;
    const piece = bytes.subarray(start, start + maxBytes - length);
    pieces.push(piece);
    length += piece.length;
    if (length >= maxBytes) break;
  }
  return Buffer.concat(pieces, length);
}

function outputEvent(line: FileLine): Extract<CastEvent, { code: 'o' | 'b' | 'i' | 'r' | 'm' }> | null {
  const code = codeOf(line.bytes);
  if (code === '' && line.at > 0) throw new CastError('a line that is no event');
  if (code !== CODE.output && code !== CODE.bytes) return null;
  const event = parseEvent(line.bytes);
  return event.code === 'o' || event.code === 'b' ? event : null;
}
