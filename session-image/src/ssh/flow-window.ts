import type { ClientChannel } from 'ssh2';

/** What ssh2 grants every channel when it opens it, in bytes. */
const GRANTED = 2 * 1_048_576;
/** Before anything has been measured: a window that no line up to 250 Mbit/s waits for (bytes a millisecond), and 512 KiB at least. */
const FIRST_RATE = 32_768;
const FIRST_SMALLEST = 524_288;
/**
 * Two of the largest packets (RFC 4253, section 6.1), and on the way out more than the three after which OpenSSH gives room back
 * (`channel_check_window`): with less both would wait for ever.
 */
const SMALLEST = { incoming: 65_536, outgoing: 131_072 };
/** Milliseconds that what is on its way may take at the rate of the line, beyond its round trip. A key waits so long behind a file. */
const QUEUE_MS = 25;
/** Milliseconds that a rate is measured for at least; what comes after so many without a byte is a new beginning. */
const MEASURED_MS = 10;
const SILENT_MS = 100;

/** What of ssh2's channel has no types. */
interface Insides {
  readonly incoming: { window: number };
  readonly outgoing: { readonly id: number; window: number; readonly state: 'open' | 'eof' | 'closing' | 'closed' };
  readonly _client: { readonly _protocol: { channelWindowAdjust(recipient: number, bytes: number): void } };
}

/**
 * How many bytes may be on their way in one direction of a channel: what it moves within the round trip and {@link QUEUE_MS}, so that the line
 * stays busy and a key, which waits behind all of them, does not wait longer. The 2 MiB that ssh2 would have are 400 ms of a line with
 * 40 Mbit/s.
 */
export class FlowWindow {
  readonly #roundTripMs: number;
  readonly #smallest: number;
  #size: number;
  #bytes = 0;
  #since = Number.NEGATIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  /** @param roundTripMs to the router and back, when nothing else is on the line. */
  constructor(direction: 'incoming' | 'outgoing', roundTripMs: number) {
    this.#roundTripMs = roundTripMs;
    this.#smallest = SMALLEST[direction];
    this.#size = Math.min(GRANTED, Math.max(FIRST_SMALLEST, Math.ceil(roundTripMs * FIRST_RATE)));
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes have come to the other end, `now` in milliseconds. The size changes by half or to the double at once. */
  moved(bytes: number, now: number): void {
    const silent = now - this.#last > this.#roundTripMs + SILENT_MS;
    this.#last = now;
    if (silent) {
      this.#since = now;
      this.#bytes = 0;
      return;
    }
    this.#bytes += bytes;
    const elapsed = now - this.#since;
    if (elapsed < MEASURED_MS || this.#bytes < this.#size / 2) return;
    const wanted = (this.#bytes / elapsed) * (this.#roundTripMs + QUEUE_MS);
    const next = Math.min(2 * this.#size, Math.max(this.#size / 2, wanted));
    // A part of a byte would make ssh2 cut its packets there.
    this.#size = Math.ceil(Math.min(GRANTED, Math.max(this.#smallest, next)));
    this.#since = now;
    this.#bytes = 0;
  }
}

/**
 * Keeps what is on its way from the router, and what of it nobody has read yet, within a {@link FlowWindow} (RFC 4254, section 5.2), from the first
 * 2 MiB on, which ssh2 has granted already. ssh2's own accounting is out of work then. It would also widen the window of a channel that it has
 * closed: nothing may follow a close (section 5.3), and Dropbear ends the whole connection for it.
 */
export function boundIncoming(channel: ClientChannel, roundTripMs: number): void {
  const window = new FlowWindow('incoming', roundTripMs);
  const { incoming, outgoing, _client: client } = channel as unknown as Insides;
  let granted = incoming.window;
  incoming.window = Number.POSITIVE_INFINITY;
  const grant = () => {
    if (outgoing.state === 'closing' || outgoing.state === 'closed') return;
    const bytes = window.size - granted - channel.readableLength - channel.stderr.readableLength;
    if (bytes < window.size / 2) return;
    granted += bytes;
    client._protocol.channelWindowAdjust(outgoing.id, bytes);
  };
  // Both share one window. A reader takes bytes by `read`, or as they are pushed.
  for (const stream of [channel, channel.stderr]) {
    const push = stream.push.bind(stream);
    const read = stream.read.bind(stream);
    stream.push = (chunk: Buffer | null) => {
      const length = chunk?.length ?? 0;
      granted -= length;
      window.moved(length, performance.now());
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
 * Keeps what is on its way to an OpenSSH server within a {@link FlowWindow}. It gives room back as soon as a program has read 96 KB; another
 * server may wait until half of the window that it gave at first is used up, which would be for ever.
 */
export function boundOutgoing(channel: ClientChannel, roundTripMs: number, serverIdent: string): void {
  if (!serverIdent.startsWith('SSH-2.0-OpenSSH_')) return;
  const window = new FlowWindow('outgoing', roundTripMs);
  const { outgoing } = channel as unknown as Insides;
  const whole = outgoing.window;
  /** What the server would take. */
  let open = whole;
  const room = () => Math.max(0, open - Math.max(0, whole - window.size));
  // ssh2 takes from it what it sends and adds what the server gives back.
  Object.defineProperty(outgoing, 'window', {
    get: room,
    set: (value: number) => {
      const change = value - room();
      open += change;
      if (change > 0) window.moved(change, performance.now());
    },
  });
}
