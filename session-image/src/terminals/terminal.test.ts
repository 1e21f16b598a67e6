import { describe, expect, jest, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { INPUT_WINDOW, OUTPUT_WINDOW } from '@netpilot/control-plane/contract/terminal-frames.ts';
import { runs } from '@netpilot/control-plane/test/properties.ts';
import { FakeStream } from '../../test/fake-stream.ts';
import type { RouterChannel } from '../ssh/router-connection.ts';
import { Terminal } from './terminal.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A shell channel whose router is the test. */
class FakeChannel extends PassThrough {
  readonly stderr = new PassThrough();
  readonly setWindow = jest.fn();
  readonly written: Buffer[] = [];
  /** Callbacks of writes that the router has not taken. */
  readonly waiting: (() => void)[] = [];
  stuck = false;

  override write(chunk: unknown, ...rest: unknown[]): boolean {
    const done = rest.find((one) => typeof one === 'function') as (() => void) | undefined;
    this.written.push(chunk as Buffer);
    if (this.stuck) this.waiting.push(() => done?.());
    else done?.();
    return true;
  }

  close(): void {
    this.emit('close');
  }

  /** Output of the router. */
  say(bytes: Uint8Array): void {
    this.push(bytes);
  }
}

function makeTerminal(ringBytes = 2_097_152) {
  const channel = new FakeChannel({ readableHighWaterMark: 16_777_216 });
  const connection = { alive: true };
  const size = { cols: 80, rows: 24 };
  const terminal = new Terminal(1, channel as unknown as RouterChannel, connection, size, ringBytes);
  return { channel, connection, terminal };
}

function outputOf(stream: FakeStream): { from: number; bytes: Buffer } {
  const chunks: Buffer[] = [];
  let from = -1;
  let next = -1;
  for (const frame of stream.frames) {
    if (frame.type !== 'output') continue;
    if (from === -1) from = frame.offset;
    else expect(frame.offset).toBe(next);
    next = frame.offset + frame.bytes.length;
    chunks.push(Buffer.from(frame.bytes));
  }
  return { from, bytes: Buffer.concat(chunks) };
}

describe('a terminal', () => {
  test('gives each byte exactly once over any cuts and replays', async () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('say' as const), size: fc.integer({ min: 1, max: 30_000 }) }),
      fc.record({ type: fc.constant('ack' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.record({ type: fc.constant('cut' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.record({ type: fc.constant('takeOver' as const), part: fc.constant(1) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { channel, terminal } = makeTerminal(200_000);
        let said = 0;
        const parts: Buffer[] = [];
        let got = 0;
        let stream = new FakeStream();
        let collected = 0;
        terminal.attach(stream.stream, 0);
        /** Takes what arrived on this stream, up to `part` of it: the rest was lost with the link. */
        const take = (part: number) => {
          const { bytes } = outputOf(stream);
          const upTo = collected + Math.floor((bytes.length - collected) * part);
          parts.push(bytes.subarray(collected, upTo));
          got += upTo - collected;
          collected = upTo;
        };
        const attach = () => {
          stream = new FakeStream();
          collected = 0;
          terminal.attach(stream.stream, got);
          expect(stream.frames[0]).toMatchObject({ type: 'attached', value: { offset: got, truncated: false } });
        };
        for (const one of steps) {
          if (one.type === 'say') {
            channel.say(numbered(said, one.size));
            said += one.size;
          } else if (one.type === 'ack') {
            take(one.part);
            stream.receive({ type: 'ack', offset: got });
          } else {
            take(one.part);
            if (one.type === 'cut') stream.gone();
            attach();
          }
          await turn();
        }
        for (let round = 0; round < 100; round++) {
          take(1);
          stream.receive({ type: 'ack', offset: got });
          await turn();
        }
        expect(Buffer.concat(parts).equals(numbered(0, said))).toBe(true);
      }),
      { numRuns: runs(60) },
    );
  });

  test('sends no more than the window ahead of the acknowledgement', async () => {
    const { channel, terminal } = makeTerminal();
    const stream = new FakeStream();
    terminal.attach(stream.stream, 0);
    for (let count = 0; count < 60; count++) channel.say(Buffer.alloc(30_000));
    await turn();
    expect(outputOf(stream).bytes.length).toBe(OUTPUT_WINDOW);
    stream.receive({ type: 'ack', offset: 1_000 });
    await turn();
    expect(outputOf(stream).bytes.length).toBe(OUTPUT_WINDOW + 1_000);
  });

  test('pauses the channel before the unread part fills the ring, and resumes when it is read', async () => {
    const { channel, terminal } = makeTerminal(200_000);
    for (let count = 0; count < 20; count++) channel.say(Buffer.alloc(30_000));
    await turn();
    expect(channel.isPaused()).toBe(true);
    expect(terminal.ring.end).toBeLessThanOrEqual(200_000);
    const stream = new FakeStream();
    terminal.attach(stream.stream, null);
    for (let round = 0; round < 100 && terminal.ring.end < 600_000; round++) {
      stream.receive({ type: 'ack', offset: outputOf(stream).bytes.length });
      await turn();
    }
    expect(terminal.ring.end).toBe(600_000);
  });

  test('shows the exit only after all output', async () => {
    const { channel, terminal } = makeTerminal();
    channel.say(Buffer.alloc(30_000, 'a'));
    channel.emit('exit', 3);
    expect(terminal.running).toBe(false);
    expect(terminal.view().exit).toEqual({ code: 3, signal: null });
    await turn();
    channel.close();
    const stream = new FakeStream();
    stream.writableLength = 1_000_000;
    terminal.attach(stream.stream, 0);
    expect(stream.frames.map((frame) => frame.type)).toEqual(['attached']);
    stream.writableLength = 0;
    stream.emit('drain');
    expect(stream.frames.map((frame) => frame.type)).toEqual(['attached', 'output', 'exit']);
    expect(stream.frames.at(-1)).toMatchObject({ value: { code: 3, signal: null, reason: 'exited' } });
    expect(stream.ended).toBe(true);
  });

  test('tells a lost connection from an exit', async () => {
    const { channel, connection, terminal } = makeTerminal();
    connection.alive = false;
    channel.close();
    expect(terminal.exit).toMatchObject({ code: null, reason: 'connection_lost' });
  });
});

describe('input', () => {
  test('is reported once the router took it, and cut off past the window', async () => {
    const { channel, terminal } = makeTerminal();
    const stream = new FakeStream();
    terminal.attach(stream.stream, 0);
    channel.stuck = true;
    const half = INPUT_WINDOW / 4;
    for (let count = 0; count < 4; count++) stream.receive({ type: 'input', bytes: new Uint8Array(half) });
    expect(stream.closed).toBe(false);
    for (const take of channel.waiting.splice(0, 2)) take();
    await turn();
    expect(stream.frames.at(-1)).toEqual({ type: 'taken', total: 2 * half });
    for (let count = 0; count < 2; count++) stream.receive({ type: 'input', bytes: new Uint8Array(half) });
    expect(stream.closed).toBe(false);
    stream.receive({ type: 'input', bytes: new Uint8Array(1) });
    expect(stream.closed).toBe(true);
  });

  test('of a single key is reported with its echo, or a little later without one', async () => {
    const { channel, terminal } = makeTerminal();
    const stream = new FakeStream();
    terminal.attach(stream.stream, 0);
    stream.receive({ type: 'input', bytes: Buffer.from('a') });
    await turn();
    expect(stream.frames.map((frame) => frame.type)).toEqual(['attached']);
    channel.say(Buffer.from('a'));
    await turn();
    expect(stream.frames.slice(1).map((frame) => frame.type)).toEqual(['output', 'taken']);
    stream.receive({ type: 'input', bytes: Buffer.from('b') });
    while (stream.frames.length < 4) await turn();
    expect(stream.frames.at(-1)).toEqual({ type: 'taken', total: 2 });
  });

  test('an acknowledgement of bytes never sent is cut off', () => {
    const { terminal } = makeTerminal();
    const stream = new FakeStream();
    terminal.attach(stream.stream, 0);
    stream.receive({ type: 'ack', offset: 1 });
    expect(stream.closed).toBe(true);
  });

  test('of a reader that was replaced goes nowhere', () => {
    const { channel, terminal } = makeTerminal();
    const [first, second] = [new FakeStream(), new FakeStream()];
    terminal.attach(first.stream, 0);
    terminal.attach(second.stream, 0);
    expect(first.frames.at(-1)).toMatchObject({ type: 'notice', value: { kind: 'taken_over' } });
    first.receive({ type: 'input', bytes: Buffer.from('no') });
    second.receive({ type: 'input', bytes: Buffer.from('yes') });
    expect(channel.written.map(String)).toEqual(['yes']);
  });

  test('a resize reaches the router', () => {
    const { channel, terminal } = makeTerminal();
    const stream = new FakeStream();
    terminal.attach(stream.stream, 0);
    stream.receive({ type: 'resize', cols: 100, rows: 30 });
    expect(channel.setWindow).toHaveBeenCalledWith(30, 100, 0, 0);
    expect(terminal.view()).toMatchObject({ cols: 100, rows: 30 });
  });
});

/** Bytes that differ by their offset. */
function numbered(offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index++) bytes[index] = ((offset + index) * 31 + ((offset + index) >> 8)) & 0xff;
  return bytes;
}
