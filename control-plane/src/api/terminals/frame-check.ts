import { FRAME, FrameError, MAX_FRAME, type TerminalFrame, decodeFrame } from '../../../contract/terminal-frames.ts';

/** The upper half of a u64 offset beyond which JavaScript cannot count (2^53). */
const OFFSET_HIGH_BOUND = 0x20_0000;
/** Type (1) and offset (8) in front of output. */
export const OUTPUT_HEADER = 9;

const FROM_PAGE: ReadonlySet<TerminalFrame['type']> = new Set(['input', 'resize', 'ack', 'takeOver']);
const FROM_TERMINAL: ReadonlySet<TerminalFrame['type']> = new Set(['output', 'attached', 'exit', 'notice', 'taken']);

/** A well-formed frame that a page may send. */
export type PageFrame = Extract<TerminalFrame, { type: 'input' | 'resize' | 'ack' | 'takeOver' }>;
/** A well-formed frame that an agent may send. */
export type AgentFrame = Extract<TerminalFrame, { type: 'output' | 'attached' | 'exit' | 'notice' | 'taken' }>;

/**
 * Reads a frame of a browser's.
 * @throws FrameError for anything but a well-formed frame of a page's.
 */
export function readPageFrame(bytes: Buffer): PageFrame {
  const frame = decodeFrame(bytes);
  if (!FROM_PAGE.has(frame.type)) throw new FrameError('a frame that a page must not send');
  return frame as PageFrame;
}

/**
 * Reads a frame of an agent's. Output, which is nearly all of it, is checked by its header and not taken apart.
 * @returns the offset of output, or the frame.
 * @throws FrameError for anything but a well-formed frame of a terminal's.
 */
export function readAgentFrame(bytes: Buffer): number | Exclude<AgentFrame, { type: 'output' }> {
  if (bytes[0] === FRAME.output) {
    const fits = bytes.length > OUTPUT_HEADER && bytes.length <= MAX_FRAME;
    const high = fits ? bytes.readUInt32BE(1) : OFFSET_HIGH_BOUND;
    if (high >= OFFSET_HIGH_BOUND) throw new FrameError('an output frame with a bad header');
    return high * 0x1_0000_0000 + bytes.readUInt32BE(5);
  }
  const frame = decodeFrame(bytes);
  if (!FROM_TERMINAL.has(frame.type) || frame.type === 'output') {
    throw new FrameError('a frame that a terminal must not send');
  }
  return frame as Exclude<AgentFrame, { type: 'output' }>;
}
