import { afterEach, describe, expect, test } from '@jest/globals';
import { SizeHistory } from '../../recordings/size-history.ts';
import { openHeadless, parse } from './headless.ts';
import type { FromScreens, ToScreens } from './messages.ts';
import { ScreenDesk } from './screen-desk.ts';
import { NoScreenError, type ScreenSource } from './screen-follower.ts';
import { startScreensHere } from './screen-thread-here.ts';
import type { ScreenThreadListener, StartScreenThread } from './screen-thread.ts';
import { Screens } from './screens.ts';

const silent = { warn: () => {} };

/** Recorded output that the test writes. */
function recorded(text: string) {
  const sizes = new SizeHistory({ offset: 0, cols: 20, rows: 5 });
  const output = { bytes: Buffer.from(text), at: 0, textFrom: Number.POSITIVE_INFINITY };
  const source: ScreenSource = {
    sizes,
    end: () => output.bytes.length,
    lastOutputAt: () => output.at,
    textFrom: () => output.textFrom,
    read: async (from, maxBytes) => output.bytes.subarray(from, from + Math.min(maxBytes, 7)),
  };
  return { source, sizes, output };
}

/** @returns the lines that a state draws. */
function drawn(state: Uint8Array, size: { cols: number; rows: number }): string[] {
  const terminal = openHeadless(size);
  parse(terminal, state);
  const lines = Array.from({ length: size.rows }, (_, y) => terminal.buffer.active.getLine(y)?.translateToString(true));
  terminal.dispose();
  return lines.map((line) => line ?? '').filter((line) => line !== '');
}

async function until(look: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !look();) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('screens of terminals', () => {
  const open: Screens[] = [];
  const begin = (start: StartScreenThread = startScreensHere) => {
    const screens = new Screens(start, silent);
    open.push(screens);
    return screens;
  };
  afterEach(() => {
    for (const screens of open.splice(0)) screens.close();
  });

  test('are of now, in the size that the output was written for', async () => {
    const { source, sizes, output } = recorded('one two three four five\r\n');
    const follower = begin().follow(source);
    expect(await follower.screen()).toMatchObject({ offset: 25, cols: 20, rows: 5 });
    sizes.add({ offset: 25, cols: 40, rows: 6 });
    output.bytes = Buffer.concat([output.bytes, Buffer.from('six seven eight nine ten eleven\r\n')]);
    const { state, ...size } = await follower.screen();
    expect(size).toEqual({ offset: 58, cols: 40, rows: 6 });
    expect(drawn(state, size)).toEqual(['one two three four five', 'six seven eight nine ten eleven']);
  });

  test('follow a terminal that has gone quiet, by themselves', async () => {
    const { source } = recorded('router$ uci show\r\n\u001b]2;shell\u0007');
    const follower = begin().follow(source);
    await until(() => follower.behind === 0);
    expect([follower.title, follower.ran]).toEqual(['shell', 'uci show']);
  });

  test.each([
    ['read', 3_000, Number.POSITIVE_INFINITY],
    ['leaped over', 3_000_000, 0],
  ])('know what runs after its output was %s', async (_how, lines, textFrom) => {
    const { source, output } = recorded('router$ ');
    source.read = async (from, maxBytes) => output.bytes.subarray(from, from + maxBytes);
    const follower = begin().follow(source);
    await follower.catchUp();
    output.textFrom = textFrom;
    output.bytes = Buffer.concat([output.bytes, Buffer.from(`yes\r\n${'y\r\n'.repeat(lines)}`)]);
    await follower.screen();
    expect([follower.behind, follower.ran]).toEqual([0, 'yes']);
  });

  test.each([
    ['leap over text', '', true],
    ['read text that is written elsewhere than on the normal screen', '\u001b[?1049h', false],
  ])('%s', async (_name, before, leaps) => {
    const text = Buffer.from(`${before}${'a line of text\r\n'.repeat(400_000)}`);
    const sizes = new SizeHistory({ offset: 0, cols: 20, rows: 5 });
    let read = 0;
    const follower = begin().follow({
      sizes,
      end: () => text.length,
      lastOutputAt: () => 0,
      textFrom: () => before.length,
      read: async (from, maxBytes) => {
        read += maxBytes;
        return text.subarray(from, from + maxBytes);
      },
    });
    const { state, ...size } = await follower.screen();
    expect(size.offset).toBe(text.length);
    expect(new Set(drawn(state, size))).toEqual(new Set(['a line of text']));
    expect(follower.behind).toBe(0);
    expect(read < text.length / 4).toBe(leaps);
  });

  test('are made again from the beginning when their thread dies or has no room', async () => {
    let listener: ScreenThreadListener | null = null;
    let started = 0;
    const screens = begin((told) => {
      listener = told;
      started += 1;
      return startScreensHere(told);
    });
    const { source, output } = recorded('before\r\n');
    const follower = screens.follow(source);
    await follower.screen();
    (listener as unknown as ScreenThreadListener).died(new Error('out of memory'));
    output.bytes = Buffer.concat([output.bytes, Buffer.from('after\r\n')]);
    const { state, ...size } = await follower.screen();
    expect(drawn(state, size)).toEqual(['before', 'after']);
    expect(started).toBe(2);
    (listener as unknown as ScreenThreadListener).message({ type: 'lost', id: 1, failed: false });
    expect(drawn((await follower.screen()).state, size)).toEqual(['before', 'after']);
  });

  test('are given up for a terminal whose output no thread survives, which then waits for none', async () => {
    const screens = begin((told) => ({
      post: (message: ToScreens) => {
        if (message.type === 'output') setImmediate(() => told.message({ type: 'lost', id: message.id, failed: true }));
      },
      close: () => {},
    }));
    const follower = screens.follow(recorded('poison').source);
    await expect(follower.screen()).rejects.toThrow(NoScreenError);
    await expect(follower.screen()).rejects.toThrow(NoScreenError);
    expect(follower.reached).toBe(Number.POSITIVE_INFINITY);
  });

  test('each get their turn, whatever becomes of the others', async () => {
    const screens = begin();
    const broken = screens.follow({
      ...recorded('gone').source,
      read: () => Promise.reject(new Error('the disk gives nothing back')),
    });
    let read = 0;
    const endless = screens.follow({
      ...recorded('').source,
      end: () => read + 1,
      read: async () => Buffer.from(`${(read += 1)}`.slice(0, 1)),
    });
    const { source } = recorded('router$ uci show\r\n');
    const follower = screens.follow(source);
    await until(() => follower.behind === 0 && broken.reached === Number.POSITIVE_INFINITY);
    expect(endless.behind).toBeGreaterThan(0);
    await expect(broken.screen()).rejects.toThrow(NoScreenError);
  });

  test('reject who waits when they are closed', async () => {
    const screens = begin(() => ({ post: () => {}, close: () => {} }));
    const waiting = screens.follow(recorded('x').source).screen();
    setImmediate(() => screens.close());
    await expect(waiting).rejects.toThrow(NoScreenError);
  });
});

describe('a desk of screens', () => {
  test('puts the ones that were used longest ago to sleep, and wakes them as they were', () => {
    const answers: FromScreens[] = [];
    const desk = new ScreenDesk((message) => answers.push(message));
    // Forty of these have as many cells as may be awake.
    for (let id = 1; id <= 48; id += 1) {
      desk.take({ type: 'open', id, cols: 400, rows: 10 });
      desk.take({ type: 'output', id, bytes: new Uint8Array(Buffer.from(`\u001b[3${id % 8}mthis is ${id}\u001b[5;`)) });
    }
    for (const id of [1, 30, 48]) {
      desk.take({ type: 'output', id, bytes: new Uint8Array(Buffer.from('9Hlater')) });
      desk.take({ type: 'screen', id });
      const answer = answers.at(-1);
      if (answer?.type !== 'screen') throw new Error(`no screen but ${answer?.type}`);
      expect(drawn(answer.state, answer)).toEqual([`this is ${id}`, '        later']);
    }
    desk.take({ type: 'close', id: 1 });
    desk.take({ type: 'screen', id: 1 });
    expect(answers.filter(({ type }) => type === 'screen')).toHaveLength(3);
  });
});
