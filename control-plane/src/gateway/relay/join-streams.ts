import type { Duplex } from 'node:stream';

/**
 * Copies both ways between two byte streams until both directions have ended, with back-pressure and half-close. Takes both over: an
 * error or a close of one destroys the other.
 * @returns a promise that resolves when both are closed; it never rejects.
 */
export function joinStreams(left: Duplex, right: Duplex): Promise<void> {
  return new Promise((resolve) => {
    let open = 2;
    const closed = (other: Duplex) => () => {
      if (!other.destroyed) {
        // A stream that ended in order closes while its last bytes are still on the way through the other one.
        if (other.writableEnded && !other.writableFinished) other.once('finish', () => other.destroy());
        else other.destroy();
      }
      open -= 1;
      if (open === 0) resolve();
    };
    left.on('error', () => right.destroy());
    right.on('error', () => left.destroy());
    left.once('close', closed(right));
    right.once('close', closed(left));
    if (left.destroyed || right.destroyed) {
      left.destroy();
      right.destroy();
      return;
    }
    left.pipe(right);
    right.pipe(left);
  });
}
