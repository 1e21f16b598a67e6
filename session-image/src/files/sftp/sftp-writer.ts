import type { Readable } from 'node:stream';
import { string, TYPE, u64 } from './packets.ts';
import type { SftpClient } from './sftp-client.ts';

/** Bytes on the way to the router without an answer. */
const AHEAD = 1_048_576;

/**
 * Writes a body into an open file from `offset` on, several WRITEs on the way; returns when all were answered. A body that is cut is written
 * as far as it came.
 * @throws StatusError with the first WRITE that the server refuses
 */
export async function writeBody(client: SftpClient, handle: Buffer, offset: number, body: Readable): Promise<void> {
  const waiting = new Set<Promise<void>>();
  let ahead = 0;
  let failure: unknown = null;
  let at = offset;
  const name = string(handle);
  const write = (bytes: Buffer) => {
    const written = client
      .request(TYPE.write, name, u64(at), string(bytes))
      .then(
        () => undefined,
        (error: unknown) => {
          failure ??= error ?? new Error('refused');
        },
      )
      .then(() => {
        ahead -= bytes.length;
        waiting.delete(written);
      });
    waiting.add(written);
    at += bytes.length;
    ahead += bytes.length;
  };
  const mustWait = () => ahead >= AHEAD && failure === null;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      for (let from = 0; from < chunk.length; from += client.transfer) {
        write(chunk.subarray(from, from + client.transfer));
        while (mustWait()) await Promise.race(waiting);
        if (client.full) await client.drained();
        if (failure !== null) break;
      }
      if (failure !== null) break;
    }
  } catch (error) {
    // The sender was cut off; what it sent is kept.
    if (failure === null && !body.destroyed) throw error;
  }
  await Promise.all(waiting);
  if (failure !== null) throw failure;
}
