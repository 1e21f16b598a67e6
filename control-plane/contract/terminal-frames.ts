import { z } from 'zod';
import { RecordingTrouble } from './recordings.ts';
import { TerminalSize } from './sessions.ts';

/**
 * The binary protocol of one attached terminal, the same between browser and api (one frame a WebSocket message) and between api and
 * agent (each frame behind its length, see {@link FrameReader}). Numbers are big-endian.
 *
 * ```
 * to the terminal      0x01 input    bytes typed
 *                      0x02 resize   u16 cols, u16 rows
 *                      0x03 ack      u64 offset: output parsed up to here
 * page to api only     0x04 take_over: this page drives from now on
 * from the terminal    0x81 output   u64 offset of the first byte, bytes
 *                      0x82 attached JSON {@link Attached}
 *                      0x83 exit     JSON {@link TerminalExit}
 *                      0x84 notice   JSON {@link TerminalNotice}
 *                      0x86 taken    u64: input bytes of this attachment handed to the router so far
 * api to page only     0x87 screen   bytes that bring a cleared screen of `attached.cols` x `attached.rows` to what is shown at `attached.offset`
 *                      0x88 resized  u16 cols, u16 rows: whoever drives has this size from here on
 *                      0x89 status   JSON {@link TerminalStatus}
 * ```
 *
 * Output is sent at most {@link OUTPUT_WINDOW} bytes ahead of the last ack; input at most {@link INPUT_WINDOW} bytes ahead of `taken`.
 */
export const FRAME = {
  input: 0x01,
  resize: 0x02,
  ack: 0x03,
  takeOver: 0x04,
  output: 0x81,
  attached: 0x82,
  exit: 0x83,
  notice: 0x84,
  taken: 0x86,
  screen: 0x87,
  resized: 0x88,
  status: 0x89,
} as const;

/** Bytes of output that may be on the way without an acknowledgement. */
export const OUTPUT_WINDOW = 1_048_576;
/** Bytes of input that may be on the way without being taken by the router. */
export const INPUT_WINDOW = 262_144;
/** No frame is longer; a longer one ends the attachment. */
export const MAX_FRAME = 131_072;

export const Attached = z.strictObject({
  /** Offset at which output continues. */
  offset: z.int().min(0),
  /** True when output between the asked offset (or the start) and `offset` is no longer kept. */
  truncated: z.boolean(),
  ...TerminalSize.shape,
  /** Bytes of `screen` frames that come before any output; absent where output is replayed instead. */
  screen: z.int().min(1).optional(),
});
export type Attached = z.infer<typeof Attached>;

export const TerminalExit = z.strictObject({
  code: z.int().nullable(),
  signal: z.string().max(40).nullable(),
  reason: z.enum(['exited', 'connection_lost', 'closed']),
});
export type TerminalExit = z.infer<typeof TerminalExit>;

export const TerminalNotice = z.strictObject({
  kind: z.enum(['taken_over', 'session_ended', 'reconnecting', 'warning']),
  text: z.string().max(500),
});
export type TerminalNotice = z.infer<typeof TerminalNotice>;

/** Somebody at a terminal: their name, and the browser's own description of itself, which may be a lie. */
export const TerminalPerson = z.strictObject({ name: z.string().max(200), agent: z.string().max(300).nullable() });
export type TerminalPerson = z.infer<typeof TerminalPerson>;

/** What is so at a terminal besides its output, for one of its pages; always the whole of it. */
export const TerminalStatus = z.strictObject({
  /** What this page is: only the driver's input and size count; a watcher cannot take over. */
  role: z.enum(['driver', 'follower', 'watcher']),
  /** Who drives; null when nobody does. */
  driver: TerminalPerson.nullable(),
  /** Whoever took over from somebody last; null when nobody has. */
  tookOver: TerminalPerson.nullable(),
  /** Pages that follow, this one included. */
  followers: z.int().min(0),
  /** Why nothing is recorded, and so neither shown nor typed. */
  trouble: RecordingTrouble.nullable(),
});
export type TerminalStatus = z.infer<typeof TerminalStatus>;

export type TerminalFrame =
  | { type: 'input'; bytes: Uint8Array }
  | { type: 'resize'; cols: number; rows: number }
  | { type: 'ack'; offset: number }
  | { type: 'takeOver' }
  | { type: 'output'; offset: number; bytes: Uint8Array }
  | { type: 'attached'; value: Attached }
  | { type: 'exit'; value: TerminalExit }
  | { type: 'notice'; value: TerminalNotice }
  | { type: 'taken'; total: number }
  | { type: 'screen'; bytes: Uint8Array }
  | { type: 'resized'; cols: number; rows: number }
  | { type: 'status'; value: TerminalStatus };

/** A frame that is not one of ours; the sender is cut off, nothing of the frame is used. */
export class FrameError extends Error {
  override name = 'FrameError';
}

const text = { encoder: new TextEncoder(), decoder: new TextDecoder('utf-8', { fatal: true }) };

/** @returns the frame's bytes, type byte first. */
export function encodeFrame(frame: TerminalFrame): Uint8Array<ArrayBuffer> {
  switch (frame.type) {
    case 'input':
    case 'screen': {
      const bytes = new Uint8Array(1 + frame.bytes.length);
      bytes[0] = FRAME[frame.type];
      bytes.set(frame.bytes, 1);
      return bytes;
    }
    case 'output': {
      const bytes = new Uint8Array(9 + frame.bytes.length);
      bytes[0] = FRAME.output;
      new DataView(bytes.buffer).setBigUint64(1, BigInt(frame.offset));
      bytes.set(frame.bytes, 9);
      return bytes;
    }
    case 'resize':
    case 'resized': {
      const bytes = new Uint8Array(5);
      bytes[0] = FRAME[frame.type];
      const view = new DataView(bytes.buffer);
      view.setUint16(1, frame.cols);
      view.setUint16(3, frame.rows);
      return bytes;
    }
    case 'ack':
      return counter(FRAME.ack, frame.offset);
    case 'takeOver':
      return Uint8Array.of(FRAME.takeOver);
    case 'taken':
      return counter(FRAME.taken, frame.total);
    case 'attached':
      return json(FRAME.attached, frame.value);
    case 'exit':
      return json(FRAME.exit, frame.value);
    case 'notice':
      return json(FRAME.notice, frame.value);
    case 'status':
      return json(FRAME.status, frame.value);
  }
}

function counter(type: number, value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(9);
  bytes[0] = type;
  new DataView(bytes.buffer).setBigUint64(1, BigInt(value));
  return bytes;
}

function json(type: number, value: unknown): Uint8Array<ArrayBuffer> {
  const body = text.encoder.encode(JSON.stringify(value));
  const bytes = new Uint8Array(1 + body.length);
  bytes[0] = type;
  bytes.set(body, 1);
  return bytes;
}

/**
 * Parses one frame; the bytes of input and output are views, not copies.
 * @throws FrameError for anything that is not exactly a frame of ours.
 */
export function decodeFrame(bytes: Uint8Array): TerminalFrame {
  if (bytes.length === 0 || bytes.length > MAX_FRAME) throw new FrameError(`a frame of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (bytes[0]) {
    case FRAME.input:
      return { type: 'input', bytes: bytes.subarray(1) };
    case FRAME.resize:
      return { type: 'resize', ...readSize(view) };
    case FRAME.resized:
      return { type: 'resized', ...readSize(view) };
    case FRAME.takeOver:
      if (bytes.length !== 1) throw new FrameError('a take-over of a wrong length');
      return { type: 'takeOver' };
    case FRAME.screen:
      return { type: 'screen', bytes: bytes.subarray(1) };
    case FRAME.ack:
      return { type: 'ack', offset: readCounter(view) };
    case FRAME.taken:
      return { type: 'taken', total: readCounter(view) };
    case FRAME.output:
      if (bytes.length < 9) throw new FrameError('an output frame without its offset');
      return { type: 'output', offset: readOffset(view), bytes: bytes.subarray(9) };
    case FRAME.attached:
      return { type: 'attached', value: parseJson(bytes, Attached) };
    case FRAME.exit:
      return { type: 'exit', value: parseJson(bytes, TerminalExit) };
    case FRAME.notice:
      return { type: 'notice', value: parseJson(bytes, TerminalNotice) };
    case FRAME.status:
      return { type: 'status', value: parseJson(bytes, TerminalStatus) };
    default:
      throw new FrameError(`an unknown frame type ${bytes[0]}`);
  }
}

/** Frames that the api may send to an agent; the others an agent sends, or stay between page and api. */
export function isTowardsTerminal(
  frame: TerminalFrame,
): frame is Extract<TerminalFrame, { type: 'input' | 'resize' | 'ack' }> {
  return frame.type === 'input' || frame.type === 'resize' || frame.type === 'ack';
}

function readSize(view: DataView): TerminalSize {
  if (view.byteLength !== 5) throw new FrameError('a size of a wrong length');
  const size = TerminalSize.safeParse({ cols: view.getUint16(1), rows: view.getUint16(3) });
  if (!size.success) throw new FrameError('a terminal size out of bounds');
  return size.data;
}

function readCounter(view: DataView): number {
  if (view.byteLength !== 9) throw new FrameError('a counter of a wrong length');
  return readOffset(view);
}

function readOffset(view: DataView): number {
  const value = view.getBigUint64(1);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new FrameError('an offset out of bounds');
  return Number(value);
}

function parseJson<T extends z.ZodType>(bytes: Uint8Array, schema: T): z.infer<T> {
  try {
    return schema.parse(JSON.parse(text.decoder.decode(bytes.subarray(1))));
  } catch (cause) {
    throw new FrameError('a frame whose JSON is not what it should be', { cause });
  }
}

/** Puts a frame behind its length (u32), for a byte stream. */
export function withLength(frame: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + frame.length);
  new DataView(bytes.buffer).setUint32(0, frame.length);
  bytes.set(frame, 4);
  return bytes;
}

/** Cuts a byte stream into frames; holds at most one unfinished frame. */
export class FrameReader {
  #rest: Uint8Array = new Uint8Array(0);

  /**
   * @returns the whole frames (without their lengths) that `chunk` completes, in order.
   * @throws FrameError when a length is 0 or over {@link MAX_FRAME}; the stream must then be closed.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    let bytes = chunk;
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + chunk.length);
      bytes.set(this.#rest);
      bytes.set(chunk, this.#rest.length);
    }
    const frames: Uint8Array[] = [];
    let at = 0;
    while (bytes.length - at >= 4) {
      const length = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
      if (length === 0 || length > MAX_FRAME) throw new FrameError(`a frame of ${length} bytes`);
      if (bytes.length - at - 4 < length) break;
      frames.push(bytes.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    this.#rest = bytes.subarray(at);
    return frames;
  }
}
