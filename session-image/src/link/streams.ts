import { constants } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';

/** Milliseconds a reader has to take the rest of an ended stream before it is cancelled. */
const GRACE_MS = 5_000;

/** Ends our side; cancels the stream when the peer has not taken the rest or not ended its side within the grace. */
export function finishStream(stream: ServerHttp2Stream): void {
  if (stream.destroyed || stream.closed) return;
  const timer = setTimeout(() => cancelStream(stream), GRACE_MS);
  timer.unref();
  stream.once('close', () => clearTimeout(timer));
  if (!stream.readableEnded) stream.resume();
  stream.end();
}

/** Ends a stream at once in both directions; the link and its other streams go on (RFC 9113, section 5.4.2). */
export function cancelStream(stream: ServerHttp2Stream): void {
  if (!stream.destroyed && !stream.closed) stream.close(constants.NGHTTP2_CANCEL);
}
