import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { WebSocket } from 'ws';
import { MAX_FRAME, type TerminalFrame, decodeFrame, encodeFrame } from '../../../contract/terminal-frames.ts';
import type { Attachment, AttachmentListener } from '../sandbox-link/attachment.ts';
import { TerminalRelay } from './terminal-relay.ts';

/** A browser's socket as far as the relay sees it; the test says how much is waiting in it. */
class FakeSocket extends EventEmitter {
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readyState = 1;
  isPaused = false;
  bufferedAmount = 0;
  readonly sent: Buffer[] = [];
  readonly callbacks: (() => void)[] = [];
  code: number | null = null;

  send(frame: Uint8Array, done: () => void): void {
    this.sent.push(Buffer.from(frame));
    this.callbacks.push(done);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(code: number): void {
    this.code = code;
    this.readyState = 3;
    this.emit('close');
  }

  terminate(): void {
    this.emit('close');
  }

  /** Everything that waited was written. */
  flush(): void {
    this.bufferedAmount = 0;
    for (const done of this.callbacks.splice(0)) done();
  }
}

class FakeAttachment implements Attachment {
  readonly written: Buffer[] = [];
  accepts = true;
  paused = false;
  closed = false;

  write(frame: Uint8Array): boolean {
    this.written.push(Buffer.from(frame));
    return this.accepts;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(): void {
    this.closed = true;
  }
}

let socket: FakeSocket;
let attachment: FakeAttachment;
let agent: AttachmentListener;
let relay: TerminalRelay;
let typed: number;

beforeEach(() => {
  socket = new FakeSocket();
  attachment = new FakeAttachment();
  typed = 0;
  relay = new TerminalRelay({
    socket: socket as unknown as WebSocket,
    attach: (listener) => {
      agent = listener;
      return attachment;
    },
    onInput: () => (typed += 1),
  });
});

const encoded = (frame: TerminalFrame) => Buffer.from(encodeFrame(frame));
const output = encoded({ type: 'output', offset: 0, bytes: Buffer.from('hello') });
const input = encoded({ type: 'input', bytes: Buffer.from('ls') });

test('frames pass as they are, and input counts as activity', () => {
  agent.frame(output);
  socket.emit('message', input, true);
  const ack = encoded({ type: 'ack', offset: 5 });
  socket.emit('message', ack, true);
  expect(socket.sent).toEqual([output]);
  expect(attachment.written).toEqual([input, ack]);
  expect(typed).toBe(1);
});

describe('back-pressure', () => {
  test('a slow browser pauses the agent until it has read', () => {
    socket.bufferedAmount = 4_194_305;
    agent.frame(output);
    expect(attachment.paused).toBe(true);
    socket.flush();
    expect(attachment.paused).toBe(false);
  });

  test('the agent stays paused while much is still waiting', () => {
    socket.bufferedAmount = 4_194_305;
    agent.frame(output);
    socket.bufferedAmount = 2_000_000;
    for (const done of socket.callbacks.splice(0)) done();
    expect(attachment.paused).toBe(true);
  });

  test('a slow agent pauses the browser until it drains', () => {
    attachment.accepts = false;
    socket.emit('message', input, true);
    expect(socket.isPaused).toBe(true);
    agent.drain();
    expect(socket.isPaused).toBe(false);
  });
});

describe('a frame that is none', () => {
  test.each<[string, Buffer, boolean]>([
    ['text', Buffer.from('hello'), false],
    ['a frame of the other side', output, true],
    ['an unknown type', Buffer.from([0x42]), true],
    ['nothing', Buffer.alloc(0), true],
    ['too long', Buffer.alloc(MAX_FRAME + 1, 1), true],
  ])('%s from the browser closes with 4400 and reaches no agent', (_name, data, isBinary) => {
    socket.emit('message', data, isBinary);
    expect(socket.code).toBe(4400);
    expect(attachment).toMatchObject({ written: [], closed: true });
  });

  test('from the agent is refused and reaches no browser', () => {
    expect(() => agent.frame(input)).toThrow();
    expect(socket.sent).toEqual([]);
  });
});

describe('the end', () => {
  test('of the session is said before the close', () => {
    relay.end();
    expect(decodeFrame(socket.sent[0] ?? Buffer.alloc(0))).toMatchObject({
      type: 'notice',
      value: { kind: 'session_ended' },
    });
    expect(socket.code).toBe(4410);
    expect(attachment.closed).toBe(true);
  });

  test('by another page is 4409', () => {
    agent.frame(encoded({ type: 'notice', value: { kind: 'taken_over', text: 'elsewhere' } }));
    agent.end({ type: 'ended' });
    expect(socket.code).toBe(4409);
  });

  test('of the shell is a normal close', () => {
    agent.frame(encoded({ type: 'exit', value: { code: 0, signal: null, reason: 'exited' } }));
    agent.end({ type: 'ended' });
    expect(socket.code).toBe(1000);
  });

  test('of a terminal that is not there is 4404, of a broken link 1013', () => {
    agent.end({ type: 'refused', code: 'not_found' });
    expect(socket.code).toBe(4404);
    socket.code = null;
    agent.end({ type: 'ended' });
    expect(socket.code).toBeNull();
  });

  test('of the link is worth another try', () => {
    agent.end({ type: 'broken', error: new Error('the link broke') });
    expect(socket.code).toBe(1013);
  });

  test('of the socket closes the attachment', () => {
    socket.emit('close');
    expect(attachment.closed).toBe(true);
    socket.emit('message', input, true);
    expect(attachment.written).toEqual([]);
  });
});
