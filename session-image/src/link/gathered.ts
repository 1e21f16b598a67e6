import type { Readable } from 'node:stream';
import { Gathered } from '@netpilot/control-plane/wire/gathered.ts';

/** A body in larger pieces. One that is cut ends where it was cut. */
export function gathered(body: Readable): Readable {
  const pieces = new Gathered();
  const end = () => pieces.end();
  body.once('error', end);
  body.once('close', end);
  pieces.once('close', () => body.unpipe(pieces));
  body.pipe(pieces);
  if (body.destroyed) end();
  return pieces;
}
