import { FRAME, FrameError, MAX_FRAME, decodeFrame, isTowardsTerminal } from '../../../contract/terminal-frames.ts';

/** The upper half of a u64 offset beyond which JavaScript cannot count (2^53). */
const OFFSET_HIGH_BOUND = 0x20_0000;
const OUTPUT_HEADER = 9;

/**
 * Checks a frame of a browser's.
 * @returns its type byte.
 * @throws FrameError for anything but a well-formed input, resize or ack.
 */
export function checkFromPage(frame: Buffer): number {
  const frameType = frame[0];
  if (frameType === FRAME.input && frame.length <= MAX_FRAME) return frameType;
  if (!isTowardsTerminal(decodeFrame(frame))) throw new FrameError('a frame that a page must not send');
  return frameType ?? 0;
}

/**
 * Checks a frame of an agent's; output, which is nearly all of it, by its header alone.
 * @returns its type byte.
 * @throws FrameError for anything but a well-formed frame of a terminal's.
 */
export function checkFromTerminal(frame: Buffer): number {
  const frameType = frame[0];
  if (frameType === FRAME.output) {
    const fits = frame.length >= OUTPUT_HEADER && frame.length <= MAX_FRAME;
    if (!fits || frame.readUInt32BE(1) >= OFFSET_HIGH_BOUND) {
      throw new FrameError('an output frame with a bad header');
    }
    return frameType;
  }
  if (isTowardsTerminal(decodeFrame(frame))) throw new FrameError('a frame that a terminal must not send');
  return frameType ?? 0;
}
