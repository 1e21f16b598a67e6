import type { ClientChannel } from 'ssh2';

/** What ssh2 grants every channel when it opens it. */
const LARGEST = 2 * 1_048_576;
const SMALLEST = 524_288;
/** Bytes a millisecond that no window may stand in the way of: about 250 Mbit/s. */
const RATE = 32_768;

/** What of ssh2's channel has no types. */
interface Insides {
  readonly incoming: { window: number };
  readonly outgoing: { readonly id: number; window: number; readonly state: 'open' | 'eof' | 'closing' | 'closed' };
  readonly _client: { readonly _protocol: { channelWindowAdjust(recipient: number, bytes: number): void } };
}

/**
 * @param roundTripMs to the router and back, when nothing else is on the line.
 * @returns bytes that may be on their way on one channel: enough to keep the line busy, and no more, as a key waits behind all of them. The
 * 2 MiB that ssh2 would have are 400 ms of a line that uploads 40 Mbit/s.
 */
export function windowFor(roundTripMs: number): number {
  return Math.min(LARGEST, Math.max(SMALLEST, Math.ceil(roundTripMs * RATE)));
}

/**
 * Keeps what is on its way from the router, and what of it nobody has read yet, within `window` bytes (RFC 4254, section 5.2), from the first
 * 2 MiB on, which ssh2 has granted already. ssh2's own accounting is out of work then. It would also widen the window of a channel that it has
 * closed: nothing may follow a close (section 5.3), and Dropbear ends the whole connection for it.
 */
export function boundIncoming(channel: ClientChannel, window: number): void {
  const { incoming, outgoing, _client: client } = channel as unknown as Insides;
  let granted = incoming.window;
  incoming.window = Number.POSITIVE_INFINITY;
  const grant = () => {
    if (outgoing.state === 'closing' || outgoing.state === 'closed') return;
    const bytes = window - granted - channel.readableLength - channel.stderr.readableLength;
    if (bytes < window / 2) return;
    granted += bytes;
    client._protocol.channelWindowAdjust(outgoing.id, bytes);
  };
  // Both share one window. A reader takes bytes by `read`, or as they are pushed.
  for (const stream of [channel, channel.stderr]) {
    const push = stream.push.bind(stream);
    const read = stream.read.bind(stream);
    stream.push = (chunk: Buffer | null) => {
      granted -= chunk?.length ?? 0;
      const more = push(chunk);
      grant();
      return more;
    };
    stream.read = (size?: number) => {
      const chunk: unknown = read(size);
      grant();
      return chunk;
    };
  }
}

/**
 * Keeps what is on its way to an OpenSSH server within `window` bytes. It gives room back as soon as a program has read 96 KB
 * (`channel_check_window`); another server may wait until half of the window that it gave at first is used up, which would be for ever.
 */
export function boundOutgoing(channel: ClientChannel, window: number, serverIdent: string): void {
  if (!serverIdent.startsWith('SSH-2.0-OpenSSH_')) return;
  const { outgoing } = channel as unknown as Insides;
  outgoing.window = Math.min(outgoing.window, window);
}
