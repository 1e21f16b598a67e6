import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  INPUT_WINDOW,
  type TerminalFrame,
  type TerminalStatus,
  decodeFrame,
  encodeFrame,
} from '@netpilot/control-plane/contract/terminal-frames.ts';
import { type AttachmentState, type Screen, TerminalAttachment } from './attach.ts';

/** As much of a WebSocket as the attachment uses; the test plays the api. */
class FakeSocket {
  readyState = 1;
  binaryType = '';
  readonly sent: TerminalFrame[] = [];
  readonly #listeners = new Map<string, ((event: never) => void)[]>();

  constructor(readonly address: string) {}

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(bytes: Uint8Array): void {
    this.sent.push(decodeFrame(bytes));
  }

  close(): void {
    this.readyState = 3;
  }

  receive(frame: TerminalFrame): void {
    this.#emit('message', { data: encodeFrame(frame).buffer });
  }

  drop(code: number): void {
    this.readyState = 3;
    this.#emit('close', { code });
  }

  #emit(type: string, event: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }
}

/** A screen that parses when it is told to. */
class FakeScreen implements Screen {
  readonly parsed: number[] = [];
  readonly said: string[] = [];
  readonly sizes: ({ cols: number; rows: number } | null)[] = [];
  resets = 0;
  #queue: { bytes: Uint8Array; done: () => void }[] = [];

  write(bytes: Uint8Array, done: () => void): void {
    this.#queue.push({ bytes, done });
  }

  parse(): void {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      this.parsed.push(...next.bytes);
      next.done();
    }
  }

  reset(): void {
    this.resets += 1;
    this.parsed.length = 0;
  }

  say(text: string): void {
    this.said.push(text);
  }

  size() {
    return { cols: 80, rows: 24 };
  }

  setSize(size: { cols: number; rows: number } | null): void {
    this.sizes.push(size);
  }
}

const DRIVING = { role: 'driver', driver: null, tookOver: null, followers: 0, trouble: null } as const;

function begin({ historyEnd = 0, signedIn = true, following = false } = {}) {
  const sockets: FakeSocket[] = [];
  const states: AttachmentState[] = [];
  const exits: unknown[] = [];
  const screen = new FakeScreen();
  const attachment = new TerminalAttachment({
    address: (query) => `ws://test/attach?${query}`,
    screen,
    historyEnd,
    signedIn: async () => signedIn,
    open: (address) => {
      const socket = new FakeSocket(address);
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    events: {
      stateChanged: (state) => states.push(state),
      exited: (exit) => exits.push(exit),
      noticed: () => undefined,
      statusChanged: () => undefined,
      pendingInput: () => undefined,
    },
  });
  const socket = () => {
    const last = sockets.at(-1);
    if (!last) throw new Error('no socket was opened');
    return last;
  };
  const status = (change: Partial<TerminalStatus> = {}) =>
    socket().receive({ type: 'status', value: { ...DRIVING, ...change } });
  const attached = (offset: number, truncated = false, drawn?: number) => {
    const size = { cols: 80, rows: 24 };
    if (!following) status();
    socket().receive({ type: 'attached', value: { offset, truncated, ...size, ...(drawn ? { screen: drawn } : {}) } });
    screen.parse();
  };
  const output = (offset: number, ...bytes: number[]) =>
    socket().receive({ type: 'output', offset, bytes: Uint8Array.from(bytes) });
  return { attachment, sockets, socket, screen, states, exits, status, attached, output };
}

const acks = (socket: FakeSocket) => socket.sent.filter(({ type }) => type === 'ack');
const inputs = (socket: FakeSocket) =>
  socket.sent.flatMap((frame) => (frame.type === 'input' ? [frame.bytes.length] : [])).reduce((sum, n) => sum + n, 0);

describe('an attached terminal', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('acknowledges what the screen has parsed, and not before', () => {
    const { attachment, socket, screen, attached, output } = begin();
    attached(0);
    expect(socket().sent).toContainEqual({ type: 'resize', cols: 80, rows: 24 });
    output(0, 1, 2, 3);
    jest.advanceTimersByTime(1_000);
    expect(acks(socket())).toEqual([]);
    screen.parse();
    jest.advanceTimersByTime(60);
    expect(acks(socket())).toEqual([{ type: 'ack', offset: 3 }]);
    attachment.close();
  });

  it('continues after a break from the parsed offset, once the screen is done with what had come', () => {
    const { attachment, sockets, socket, screen, states, attached, output } = begin();
    attached(0);
    output(0, 1, 2, 3);
    socket().drop(1006);
    jest.advanceTimersByTime(10_000);
    expect(sockets).toHaveLength(1);
    screen.parse();
    jest.advanceTimersByTime(300);
    expect(socket().address).toContain('offset=3&');
    attached(3);
    output(3, 4, 5);
    screen.parse();
    expect(screen.parsed).toEqual([1, 2, 3, 4, 5]);
    expect(screen.resets).toBe(0);
    expect(states).toEqual(['attached', 'reconnecting', 'attached']);
    attachment.close();
  });

  it('starts the screen anew and says so when output between was not kept', () => {
    const { attachment, socket, screen, attached, output } = begin();
    attached(0);
    output(0, 1);
    screen.parse();
    socket().drop(1006);
    jest.advanceTimersByTime(300);
    attached(100, true);
    output(100, 9);
    screen.parse();
    expect(screen.resets).toBe(1);
    expect(screen.parsed).toEqual([9]);
    expect(screen.said).toHaveLength(1);
    attachment.close();
  });

  it('never sends input twice whose fate is unknown, and nothing behind it', () => {
    const { attachment, socket, screen, attached } = begin();
    attached(0);
    attachment.send(new Uint8Array(INPUT_WINDOW + 10));
    expect(inputs(socket())).toBe(INPUT_WINDOW);
    socket().drop(1006);
    expect(screen.said).toHaveLength(1);
    expect(attachment.send(Uint8Array.of(1))).toBe(false);
    jest.advanceTimersByTime(300);
    attached(0);
    expect(inputs(socket())).toBe(0);
    expect(attachment.send(Uint8Array.of(1))).toBe(true);
    expect(inputs(socket())).toBe(1);
    attachment.close();
  });

  it('keeps typing that waits for the line when nothing before it is in doubt', () => {
    const { attachment, socket, attached } = begin();
    attached(0);
    socket().drop(1006);
    expect(attachment.send(Uint8Array.of(1, 2))).toBe(true);
    jest.advanceTimersByTime(300);
    attached(0);
    expect(inputs(socket())).toBe(2);
    attachment.close();
  });

  it('sends more input as it is taken', () => {
    const { attachment, socket, attached } = begin();
    attached(0);
    attachment.send(new Uint8Array(INPUT_WINDOW + 10));
    socket().receive({ type: 'taken', total: 5 });
    expect(inputs(socket())).toBe(INPUT_WINDOW + 5);
    attachment.close();
  });

  it('reopens when a frame is not what it should be', () => {
    const { attachment, sockets, socket, screen, attached, output } = begin();
    attached(0);
    output(0, 1);
    screen.parse();
    output(50, 7);
    jest.advanceTimersByTime(300);
    expect(sockets).toHaveLength(2);
    expect(socket().address).toContain('offset=1&');
    attachment.close();
  });

  it.each([
    [4404, 'gone'],
    [4409, 'taken_over'],
    [4410, 'ended'],
  ] as const)('does not try again after close code %i', (code, state) => {
    const { attachment, sockets, socket, attached } = begin();
    attached(0);
    socket().drop(code);
    jest.advanceTimersByTime(60_000);
    expect(attachment.state).toBe(state);
    expect(sockets).toHaveLength(1);
    attachment.close();
  });

  it('stays away from a terminal whose shell has ended', () => {
    const { attachment, sockets, socket, exits, attached } = begin();
    attached(0);
    socket().receive({ type: 'exit', value: { code: 0, signal: null, reason: 'exited' } });
    socket().drop(1000);
    jest.advanceTimersByTime(60_000);
    expect(exits).toHaveLength(1);
    expect(sockets).toHaveLength(1);
    expect(attachment.send(Uint8Array.of(1))).toBe(false);
    attachment.close();
  });

  it('takes a terminal back on request', () => {
    const { attachment, sockets, socket, attached } = begin();
    attached(0);
    socket().drop(4409);
    attachment.takeBack();
    jest.advanceTimersByTime(300);
    attached(0);
    expect(sockets).toHaveLength(2);
    expect(attachment.state).toBe('attached');
    attachment.close();
  });

  it('asks for a new sign-in when the old one is over', async () => {
    const { attachment, socket, attached } = begin({ signedIn: false });
    attached(0);
    socket().drop(4401);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(attachment.state).toBe('signed_out');
    attachment.close();
  });

  it('parses history apart from what is new, so that its questions stay unanswered', () => {
    const { attachment, screen, attached, output } = begin({ historyEnd: 2 });
    const replaying: boolean[] = [];
    const write = screen.write.bind(screen);
    screen.write = (bytes, done) =>
      write(bytes, () => {
        if (bytes.length > 0) replaying.push(attachment.replaying);
        done();
      });
    attached(0);
    output(0, 1, 2, 3);
    expect(attachment.replaying).toBe(true);
    screen.parse();
    expect(replaying).toEqual([true, false]);
    expect(attachment.replaying).toBe(false);
    attachment.close();
  });

  it('draws a screen without answering what stands in it, then goes on behind it', () => {
    const { attachment, socket, screen, attached, output } = begin();
    attached(5_000, false, 4);
    expect(attachment.replaying).toBe(true);
    socket().receive({ type: 'screen', bytes: Uint8Array.of(7, 7) });
    socket().receive({ type: 'screen', bytes: Uint8Array.of(7, 7) });
    output(5_000, 1, 2);
    screen.parse();
    screen.parse();
    expect(attachment.replaying).toBe(false);
    expect([screen.resets, screen.parsed, screen.said]).toEqual([1, [7, 7, 7, 7, 1, 2], []]);
    // Drawn in the size that it was made for, then in its own.
    expect(screen.sizes).toEqual([{ cols: 80, rows: 24 }, null]);
    jest.advanceTimersByTime(60);
    expect(acks(socket())).toEqual([{ type: 'ack', offset: 5_002 }]);
    attachment.close();
  });

  it('follows: nothing typed here is sent, and the size is the driver’s, in its place among the output', () => {
    const { attachment, sockets, socket, screen, status, attached, output } = begin({ following: true });
    status({ role: 'follower', driver: { name: 'Alice', agent: null } });
    attached(0);
    output(0, 1);
    socket().receive({ type: 'resized', cols: 100, rows: 30 });
    output(1, 2);
    expect(attachment.send(Uint8Array.of(9))).toBe(false);
    attachment.resize();
    screen.parse();
    expect(screen.sizes.at(-1)).toEqual({ cols: 100, rows: 30 });
    expect(socket().sent.filter(({ type }) => type === 'input' || type === 'resize')).toEqual([]);
    // It comes back as what it was.
    socket().drop(1006);
    jest.advanceTimersByTime(300);
    expect(sockets).toHaveLength(2);
    expect(socket().address).toContain('role=follower');
    attached(2);
    attachment.takeOver();
    expect(socket().sent).toContainEqual({ type: 'takeOver' });
    status();
    screen.parse();
    expect(screen.sizes.at(-1)).toBeNull();
    expect(socket().sent).toContainEqual({ type: 'resize', cols: 80, rows: 24 });
    expect(attachment.send(Uint8Array.of(9))).toBe(true);
    attachment.close();
  });

  it('sends nothing any more when somebody else takes over', () => {
    const { attachment, socket, status, attached } = begin();
    attached(0);
    attachment.send(new Uint8Array(INPUT_WINDOW + 10));
    status({ role: 'follower' });
    socket().receive({ type: 'taken', total: INPUT_WINDOW });
    expect(inputs(socket())).toBe(INPUT_WINDOW);
    attachment.close();
  });

  it('accepts nothing while nothing is recorded', () => {
    const { attachment, status, attached } = begin();
    attached(0);
    status({ trouble: 'disk_full' });
    expect(attachment.send(Uint8Array.of(1))).toBe(false);
    status();
    expect(attachment.send(Uint8Array.of(1))).toBe(true);
    attachment.close();
  });

  it('asks anew at once when the page is seen again after a while', () => {
    const { attachment, sockets, socket, screen, attached, output } = begin();
    attached(0);
    output(0, 1, 2);
    screen.parse();
    attachment.seen(false);
    jest.advanceTimersByTime(1_000);
    attachment.seen(true);
    expect(sockets).toHaveLength(1);
    attachment.seen(false);
    jest.advanceTimersByTime(60_000);
    attachment.seen(true);
    expect(sockets).toHaveLength(2);
    expect(socket().address).toContain('offset=2&');
    attachment.close();
  });

  it('lets go of everything when it is closed', () => {
    const { attachment, sockets, socket, attached, output, screen } = begin();
    attached(0);
    output(0, 1);
    screen.parse();
    attachment.close();
    socket().drop(1006);
    jest.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });
});
