import { performServerHandshake } from 'node:http2';
import type { Socket } from 'node:net';
import type { StreamHandler } from './router.ts';

/**
 * Bytes a peer may send on one stream, and on the whole link, before we have read them. Bodies and input are bounded far below;
 * output goes the other way, where the windows are the api's.
 */
const STREAM_WINDOW = 1_048_576;
const LINK_WINDOW = 16 * 1_048_576;

/**
 * Serves HTTP/2 with prior knowledge (RFC 9113, section 3.3) on a connection that we dialled.
 * @returns once the link is over, whatever ended it; the socket is closed then.
 */
export function serveLink(socket: Socket, handle: StreamHandler, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const session = performServerHandshake(socket, {
      settings: { initialWindowSize: STREAM_WINDOW, maxConcurrentStreams: 128, enablePush: false },
      // Megabytes; the answers of commands wait here and must not make nghttp2 refuse other streams.
      maxSessionMemory: 64,
    });
    session.setLocalWindowSize(LINK_WINDOW);
    const stop = () => session.destroy();
    signal.addEventListener('abort', stop, { once: true });
    session.on('stream', handle);
    session.on('error', () => undefined);
    session.on('close', () => {
      signal.removeEventListener('abort', stop);
      socket.destroy();
      resolve();
    });
    // A peer that ends its side without GOAWAY leaves the session open otherwise.
    socket.once('close', stop);
    if (signal.aborted) stop();
  });
}
