import crypto from 'node:crypto';

/** Bytes that are asked for at once. */
const POOL = 16_384;
/** What is larger than any padding (RFC 4253, section 6) is keys or cookies, and asked for by itself. */
const LARGEST = 255;

type Fill = (buffer: Uint8Array, offset?: number, size?: number) => Uint8Array;

/**
 * Fills from a pool of what `fill` gives, no byte of it twice. Node asks the system anew for every call, which for the few bytes behind an SSH packet
 * costs more than to encipher it.
 * @param fill as `crypto.randomFillSync`
 */
export function pooled(fill: Fill): Fill {
  const pool = Buffer.alloc(POOL);
  let next = POOL;
  return (buffer, offset = 0, size = buffer.length - offset) => {
    if (size > LARGEST) return fill(buffer, offset, size);
    if (next + size > POOL) {
      fill(pool);
      next = 0;
    }
    buffer.set(pool.subarray(next, next + size), offset);
    pool.fill(0, next, next + size);
    next += size;
    return buffer;
  };
}

/**
 * Lets what loads ssh2 from now on take its padding from a pool: ssh2 keeps the `randomFillSync` that it finds when it is loaded, and has no option for it.
 * @returns takes it back, for everybody but ssh2.
 */
export function poolPadding(): () => void {
  const { randomFillSync } = crypto;
  crypto.randomFillSync = pooled(randomFillSync as Fill) as typeof randomFillSync;
  return () => {
    crypto.randomFillSync = randomFillSync;
  };
}
