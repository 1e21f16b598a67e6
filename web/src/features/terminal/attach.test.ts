import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  INPUT_WINDOW,
  type TerminalFrame,
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
}

function begin({ historyEnd = 0, signedIn = true } = {}) {
  const sockets: FakeSocket[] = [];
  const states: AttachmentState[] = [];
  const exits: unknown[] = [];
  const screen = new FakeScreen();
  const attachment = new TerminalAttachment({
    address: (offset) => `ws://test/attach?offset=${offset}`,
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
      pendingInput: () => undefined,
    },
  });
  const socket = () => {
    const last = sockets.at(-1);
    if (!last) throw new Error('no socket was opened');
    return last;
  };
  const attached = (offset: number, truncated = false) =>
    socket().receive({ type: 'attached', value: { offset, truncated, cols: 80, rows: 24 } });
  const output = (offset: number, ...bytes: number[]) =>
    socket().receive({ type: 'output', offset, bytes: Uint8Array.from(bytes) });
  return { attachment, sockets, socket, screen, states, exits, attached, output };
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
    expect(socket().address).toBe('ws://test/attach?offset=3');
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
    expect(socket().address).toBe('ws://test/attach?offset=1');
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
        replaying.push(attachment.replaying);
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
