import type { TerminalSize } from '../../../contract/sessions.ts';
import {
  CODE,
  CastError,
  MAX_LINE,
  type CastHeader,
  type ChainLink,
  parseEvent,
  parseHeader,
  parseSize,
} from './cast-format.ts';
import { CHAIN_START, Chain, type ChainPosition } from './chain.ts';
import { OutputIndex } from './output-index.ts';
import { RecordedSizes } from './recorded-sizes.ts';
import type { RecordingFile } from './recording-file.ts';
import { SizeHistory } from './size-history.ts';
import { splitLines } from './split-lines.ts';
import { verify } from './verify.ts';

const LINE_FEED = Buffer.from('\n');

/** Everything that a writer has to know of a recording to go on with it. */
export interface RecordingPosition {
  readonly header: CastHeader;
  /** Bytes of the file that are whole; what is behind them is to be cut off. */
  readonly size: number;
  readonly output: number;
  /** Since the start; the next event is no earlier. */
  readonly milliseconds: number;
  readonly chain: Chain;
  /** Bytes of the file behind the line of the chain's last link. */
  readonly unsealed: number;
  readonly index: OutputIndex;
  /** The sizes that its output was written for. */
  readonly sizes: SizeHistory;
  /** Its signed end, when it has one. */
  readonly end: ChainLink | null;
}

/** Writes the first line of a new recording. @throws Error of the file system; a full disk may take a part of it. */
export async function beginRecording(file: RecordingFile, header: CastHeader): Promise<RecordingPosition> {
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  for (let done = 0; done < line.length;) done += await file.write(line.subarray(done), done);
  const chain = new Chain();
  chain.update(line);
  const size = line.length;
  const sizes = new SizeHistory({ offset: 0, ...sizeIn(header) });
  return {
    header,
    size,
    output: 0,
    milliseconds: 0,
    chain,
    unsealed: size,
    index: new OutputIndex(),
    sizes,
    end: null,
  };
}

/**
 * Reads a recording that another process began, to its last whole event.
 * @throws CastError when it is not what was written: it must not be continued.
 */
export async function readPosition(
  file: RecordingFile,
  recordingId: string,
  trusted: ReadonlySet<string>,
): Promise<RecordingPosition> {
  const index = new OutputIndex();
  const recorded = new RecordedSizes();
  let sealed: { chain: ChainPosition; at: number; link: ChainLink | null } = { chain: CHAIN_START, at: 0, link: null };
  const found = await verify(file.stream(), {
    trusted,
    recordingId,
    onEvent: (line, code) => recorded.event(line, code),
    onLink: ({ link, behind }) => {
      index.add({ output: link.out, at: behind });
      recorded.link({ output: link.out, at: behind });
      sealed = { chain: { n: link.n + 1, hash: link.hash }, at: link.at, link };
    },
  });
  if (found.state === 'broken') throw new CastError(`the recording is broken: ${found.fault}`);
  const header = await readHeader(file);
  const sizes = await recorded.read(file, sizeIn(header));
  const chain = new Chain(sealed.chain);
  let size = sealed.at;
  let { output } = found;
  let milliseconds = Math.round(found.seconds * 1_000);
  // The display of exact bytes comes behind them: one without the other is not whole.
  let exact: { line: Buffer; length: number } | null = null;
  for await (const line of splitLines(file.stream(sealed.at), sealed.at)) {
    if (!line.whole) break;
    const whole = Buffer.concat([line.bytes, LINE_FEED]);
    const isNew = line.at >= found.bytes && line.at > 0;
    if (isNew) {
      const event = read(line.bytes);
      if (event === null) break;
      milliseconds = Math.round(event.seconds * 1_000);
      if (event.code === CODE.bytes) {
        exact = { line: whole, length: event.bytes.length };
        continue;
      }
      if (event.code === CODE.output) output += exact?.length ?? Buffer.byteLength(event.text);
      const resized = event.code === CODE.resize ? parseSize(event.text) : null;
      if (resized !== null) sizes.add({ offset: output, ...resized });
    }
    if (exact !== null) {
      chain.update(exact.line);
      size += exact.line.length;
      exact = null;
    }
    chain.update(whole);
    size += whole.length;
  }
  const unsealed = size - found.bytes;
  return {
    header,
    size,
    output,
    milliseconds,
    chain,
    unsealed,
    index,
    sizes,
    end: found.state === 'intact' ? sealed.link : null,
  };
}

function sizeIn({ width, height }: CastHeader): TerminalSize {
  return { cols: width, rows: height };
}

/** What a power cut left of a line is no event: the recording is whole up to there. */
function read(line: Buffer) {
  try {
    return parseEvent(line);
  } catch {
    return null;
  }
}

/** Whether the first line was written whole. */
export async function hasHeader(file: RecordingFile): Promise<boolean> {
  for await (const line of splitLines(file.stream(0, MAX_LINE))) return line.whole;
  return false;
}

async function readHeader(file: RecordingFile): Promise<CastHeader> {
  for await (const line of splitLines(file.stream())) return parseHeader(line.bytes);
  throw new CastError('a recording without a header');
}
