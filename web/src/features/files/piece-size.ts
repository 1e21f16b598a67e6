import { UPLOAD_BLOCK } from '@netpilot/control-plane/contract/file-api.ts';

const SMALLEST = 524_288;
const LARGEST = 67_108_864;
/** What one piece should take, in milliseconds: well over what a slow router needs to begin one, short enough to show that it moves. */
const AIM_MS = 3_000;

/**
 * @param size of the piece that was just sent, in bytes; `milliseconds` is what it took.
 * @returns bytes of the next one, at most twice or half as many, and a multiple of what an upload goes on at.
 */
export function nextPieceSize(size: number, milliseconds: number): number {
  const fitting = (size * AIM_MS) / Math.max(1, milliseconds);
  const bounded = Math.min(size * 2, Math.max(size / 2, fitting));
  return Math.floor(Math.min(LARGEST, Math.max(SMALLEST, bounded)) / UPLOAD_BLOCK) * UPLOAD_BLOCK;
}

/** Bytes of an upload's first piece. */
export const FIRST_PIECE = 1_048_576;
