import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordingTrouble, Verification } from '../../../contract/recordings.ts';
import { runs } from '../../../test/properties.ts';
import { Recorder, type RecorderOptions } from './recorder.ts';
import { RecordingFile } from './recording-file.ts';
import { beginRecording, readPosition } from './recording-position.ts';
import { testHeader } from './test-header.ts';
import { testKey } from './test-key.ts';
import { verify } from './verify.ts';

const key = testKey();
const EXIT = { code: 0, signal: null, reason: 'exited' } as const;

let directory: string;
let path: string;
let open: Recorder[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'netpilot-recorder-'));
  path = join(directory, 'one.cast');
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((recorder) => recorder.close()));
  rmSync(directory, { recursive: true, force: true });
});

interface Begun {
  recorder: Recorder;
  id: string;
  troubles: (RecordingTrouble | null)[];
}

async function begin(options: { input?: boolean; maxBytes?: number; at?: string } = {}): Promise<Begun> {
  const file = await RecordingFile.create(options.at ?? path);
  const position = await beginRecording(file, testHeader({ input: options.input ?? false }));
  return start(file, position, options.maxBytes);
}

async function again(id: string, at = path): Promise<Begun> {
  const file = await RecordingFile.open(at, 'write');
  const position = await readPosition(file, id, key.trusted);
  await file.truncate(position.size);
  return start(file, position);
}

function start(
  file: RecorderOptions['file'],
  position: Awaited<ReturnType<typeof readPosition>>,
  maxBytes = 1e9,
): Begun {
  const troubles: Begun['troubles'] = [];
  const recorder = new Recorder({ file, position, key, maxBytes, onTrouble: (trouble) => troubles.push(trouble) });
  open.push(recorder);
  return { recorder, id: recorder.id, troubles };
}

async function verified(at = path, options: Partial<Parameters<typeof verify>[1]> = {}): Promise<Verification> {
  const file = await RecordingFile.open(at, 'read');
  try {
    return await verify(file.stream(), { trusted: key.trusted, ...options });
  } finally {
    await file.close();
  }
}

async function all(recorder: Recorder): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let at = 0; at < recorder.end;) {
    const piece = await recorder.read(at, 100_000);
    pieces.push(piece);
    at += piece.length;
  }
  return Buffer.concat(pieces);
}

function sizesIn({ sizes }: Recorder) {
  const changes = new Set<ReturnType<typeof sizes.at>>();
  for (let number = 0; number < sizes.length; number = sizes.after(number)) changes.add(sizes.at(number));
  return [...changes];
}

const lines = (at = path) => readFileSync(at, 'utf8').split('\n').slice(0, -1);

describe('a recorder', () => {
  test('gives every byte back exactly, while it is written, and the end is signed', async () => {
    const { recorder, id } = await begin();
    const said: Buffer[] = [];
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        await recorder.append(bytes);
        said.push(Buffer.from(bytes));
        const expected = Buffer.concat(said);
        expect(recorder.end).toBe(expected.length);
        const from = Math.floor(expected.length / 2);
        expect((await recorder.read(from, 1_000)).equals(expected.subarray(from, from + 1_000))).toBe(true);
      }),
    );
    expect((await all(recorder)).equals(Buffer.concat(said))).toBe(true);
    expect(await verified()).toMatchObject({ state: 'open', fault: null });
    await recorder.finish(EXIT);
    const verification = await verified(path, { recordingId: id, ended: true });
    expect(verification).toMatchObject({ state: 'intact', fault: null, output: Buffer.concat(said).length });
    expect(verification.signers).toHaveLength(1);
    expect(JSON.parse(lines().at(-1) ?? '')).toEqual([
      expect.any(Number),
      'e',
      expect.objectContaining({ exit: EXIT }),
    ]);
  });

  test('is read after its end until it is closed, and never by the number of another file', async () => {
    const { recorder } = await begin();
    await recorder.append(Buffer.from('what came last'));
    await recorder.finish(EXIT);
    expect((await recorder.read(5, 100)).toString()).toBe('came last');
    await expect(recorder.append(Buffer.from('more'))).rejects.toThrow('closed');
    await recorder.close();
    await expect(recorder.read(5, 100)).rejects.toThrow('closed');
  });

  test('is an asciicast: a header and events whose times only grow', async () => {
    const { recorder } = await begin({ input: true });
    recorder.resize({ cols: 100, rows: 30 });
    recorder.marker('alice took over\nfrom \x1b[31mbob');
    await recorder.append(Buffer.from('# '));
    for (const typed of 'ls\r') {
      recorder.input(Buffer.from(typed));
      await recorder.append(Buffer.from(typed === '\r' ? '\r\n' : typed));
    }
    await recorder.finish(null);
    const [first, ...events] = lines().map((line) => JSON.parse(line));
    expect(first).toMatchObject({
      version: 2,
      width: 80,
      height: 24,
      netpilot: { terminal: 1, user: { name: 'Alice' } },
    });
    expect(events.map(([, code, data]) => [code, data]).slice(0, -1)).toEqual([
      ['r', '100x30'],
      ['m', 'alice took over\nfrom \x1b[31mbob'],
      ['o', '# '],
      ['o', 'l'],
      ['o', 's'],
      ['o', '\r\n'],
      ['i', 'ls\r'],
    ]);
    const times = events.map(([time]) => time);
    expect(times).toEqual([...times].sort((one, other) => one - other));
  });

  test('keeps no input unless it is to', async () => {
    const { recorder } = await begin();
    recorder.input(Buffer.from('x'));
    await recorder.append(Buffer.from('x'));
    recorder.input(Buffer.from('\r'));
    await recorder.append(Buffer.from('\r\n'));
    await recorder.finish(null);
    expect(readFileSync(path, 'utf8')).not.toContain('"i"');
  });

  test('links much output every so often, and reads from the middle of it', async () => {
    const { recorder } = await begin();
    const block = Buffer.from('0123456789abcdef'.repeat(4_096));
    await Promise.all(Array.from({ length: 40 }, () => recorder.append(block)));
    expect(recorder.end).toBe(40 * block.length);
    expect((await recorder.read(30 * block.length + 5, 11)).toString()).toBe('56789abcdef');
    await recorder.finish(EXIT);
    const { links, state } = await verified();
    expect(state).toBe('intact');
    expect(links).toBeGreaterThan(3);
  });

  test('seals what was written soon, without more output', async () => {
    const { recorder } = await begin();
    await recorder.append(Buffer.from('one line'));
    for (let turn = 0; (await verified()).output !== 8; turn += 1) {
      expect(turn).toBeLessThan(600);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  test('stops at its limit, keeps what it has, and can be ended', async () => {
    const { recorder, troubles } = await begin({ maxBytes: 100_000 });
    await recorder.append(Buffer.alloc(150_000, 0x61));
    const late = recorder.append(Buffer.from('more'));
    const refused = expect(late).rejects.toThrow('closed');
    expect(recorder.trouble).toBe('size_limit');
    await recorder.finish(EXIT);
    await refused;
    expect(troubles).toEqual(['size_limit']);
    expect(await verified()).toMatchObject({ state: 'intact', output: 150_000 });
  });

  test('notices that its file is gone', async () => {
    const { recorder, troubles } = await begin();
    await recorder.append(Buffer.from('one'));
    rmSync(path);
    for (let turn = 0; recorder.trouble === null; turn += 1) {
      expect(turn).toBeLessThan(600);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(troubles).toEqual(['file_gone']);
    await expect(recorder.finish(EXIT)).rejects.toMatchObject({ trouble: 'file_gone' });
  }, 90_000);

  test('refuses a file that is there already', async () => {
    writeFileSync(path, 'something');
    await expect(begin()).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readFileSync(path, 'utf8')).toBe('something');
  });
});

describe('a disk that refuses', () => {
  /** A real file whose writes go through `write` first. */
  async function beginOn(write: (bytes: Uint8Array) => Promise<Uint8Array>): Promise<Begun> {
    const file = await RecordingFile.create(path);
    const position = await beginRecording(file, testHeader());
    return start(
      {
        write: async (bytes, at) => file.write(await write(bytes), at),
        stream: (from, to) => file.stream(from, to),
        sync: () => file.sync(),
        close: () => file.close(),
      },
      position,
    );
  }
  const refusal = (code: string) => Object.assign(new Error(code), { code });

  test.each([
    ['ENOSPC', 'disk_full'],
    ['EDQUOT', 'disk_full'],
    ['EACCES', 'not_permitted'],
    ['EROFS', 'not_permitted'],
    ['EIO', 'disk_failed'],
  ])('with %s keeps what waits, says %s, and goes on with every byte', async (code, trouble) => {
    let refusals = 2;
    const { recorder, troubles } = await beginOn(async (bytes) => {
      if (refusals === 0) return bytes;
      refusals -= 1;
      // A part of it still went there.
      if (refusals === 1 && bytes.length > 10) return bytes.subarray(0, 10);
      throw refusal(code);
    });
    const said = ['one ', 'two ', 'three'].map((text) => recorder.append(Buffer.from(text)));
    expect([recorder.end, recorder.trouble]).toEqual([0, null]);
    await Promise.all(said);
    expect(troubles).toEqual([trouble, null]);
    expect((await all(recorder)).toString()).toBe('one two three');
    await recorder.finish(EXIT);
    expect(await verified()).toMatchObject({ state: 'intact', output: 13 });
  });

  test('for good lets go when it is closed: what waits is refused, what was written can be continued', async () => {
    let isFull = false;
    const { recorder, id, troubles } = await beginOn(async (bytes) => {
      if (isFull) throw refusal('ENOSPC');
      return bytes;
    });
    await recorder.append(Buffer.from('before'));
    isFull = true;
    const late = expect(recorder.append(Buffer.from('never'))).rejects.toThrow('closed');
    const end = expect(recorder.finish(EXIT)).rejects.toMatchObject({ trouble: 'disk_full' });
    await recorder.close();
    await Promise.all([late, end]);
    expect(troubles).toEqual(['disk_full']);
    expect((await again(id)).recorder.end).toBe(6);
  });

  test('by hanging is told of after a while, stops nobody else, and loses nothing when it moves again', async () => {
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const { recorder, troubles } = await beginOn(async (bytes) => {
      await held;
      return bytes;
    });
    const waiting = recorder.append(Buffer.from('late'));
    for (let turn = 0; recorder.trouble === null; turn += 1) {
      expect(turn).toBeLessThan(600);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect([recorder.trouble, recorder.end]).toEqual(['disk_stuck', 0]);
    const other = await begin({ at: join(directory, 'other.cast') });
    await other.recorder.append(Buffer.from('meanwhile'));
    goOn();
    await waiting;
    expect([troubles, recorder.end]).toEqual([['disk_stuck', null], 4]);
  }, 90_000);
});

describe('a recording that another process began', () => {
  test('knows the sizes that its output was written for, wherever it was cut', async () => {
    const step = fc.record({
      size: fc.record({ cols: fc.integer({ min: 1, max: 300 }), rows: fc.integer({ min: 1, max: 99 }) }),
      // Some of them fill a link of the chain.
      bytes: fc.constantFrom(0, 1, 70, 5_000, 200_000, 600_000),
      isText: fc.boolean(),
      cut: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const at = join(directory, `${randomUUID()}.cast`);
        const { recorder, id } = await begin({ at });
        const expected = [{ offset: 0, cols: 80, rows: 24 }];
        for (const { size, bytes, isText } of steps) {
          recorder.resize(size);
          expected.push({ offset: recorder.end, ...size });
          await recorder.append(Buffer.alloc(bytes, isText ? 0x61 : 0xff));
        }
        await recorder.close();
        const whole = readFileSync(at);
        const headerBytes = whole.indexOf('\n') + 1;
        for (const size of [whole.length, headerBytes + ((steps[0]?.cut ?? 0) % (whole.length - headerBytes))]) {
          writeFileSync(at, whole.subarray(0, size));
          const second = await again(id, at);
          const resizes = lines(at).filter((line) => line.includes('"r"')).length;
          expect(second.recorder.sizes).toMatchObject({ length: 1 + resizes });
          expect(sizesIn(second.recorder)).toEqual(expected.slice(0, 1 + resizes));
          await second.recorder.close();
        }
      }),
      { numRuns: runs(25) },
    );
  });

  test('of a terminal that was resized without end knows its last sizes', async () => {
    const { recorder, id } = await begin();
    for (let cols = 1; cols <= 700; cols += 1) {
      recorder.resize({ cols, rows: 1 });
      recorder.resize({ cols, rows: 2 });
      await recorder.append(Buffer.from('x'));
    }
    await recorder.close();
    const sizes = sizesIn((await again(id)).recorder);
    expect(sizes).toHaveLength(1_000);
    expect(sizes.at(0)).toEqual({ offset: 200, cols: 201, rows: 1 });
    expect(sizes.at(-1)).toEqual({ offset: 699, cols: 700, rows: 2 });
  });

  test('goes on at any byte it was cut at, with what was whole', async () => {
    const { recorder, id } = await begin();
    const said = Buffer.from('häé\xff\xfe "quoted"\r\n€'.repeat(30), 'latin1');
    const text = Buffer.from('größe €\r\n'.repeat(20));
    for (let at = 0; at < said.length; at += 37) await recorder.append(said.subarray(at, at + 37));
    for (let at = 0; at < text.length; at += 5) await recorder.append(text.subarray(at, at + 5));
    const expected = Buffer.concat([said, text]);
    await recorder.close();
    const whole = readFileSync(path);
    const headerBytes = whole.indexOf('\n') + 1;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: headerBytes, max: whole.length }), async (cut) => {
        const at = join(directory, `${randomUUID()}.cast`);
        writeFileSync(at, whole.subarray(0, cut));
        const second = await again(id, at);
        const kept = second.recorder.end;
        expect((await all(second.recorder)).equals(expected.subarray(0, kept))).toBe(true);
        await second.recorder.append(expected.subarray(kept));
        await second.recorder.append(Buffer.from('!'));
        expect((await all(second.recorder)).equals(Buffer.concat([expected, Buffer.from('!')]))).toBe(true);
        await second.recorder.finish(EXIT);
        expect(await verified(at, { ended: true })).toMatchObject({ state: 'intact', output: expected.length + 1 });
        rmSync(at);
      }),
      { numRuns: runs(100) },
    );
  });

  test('loses no byte that was recorded when only the last line is torn', async () => {
    const { recorder, id } = await begin();
    await recorder.append(Buffer.from('first\r\n'));
    await recorder.close();
    appendFileSync(path, '[0.1,"o","torn');
    const second = await again(id);
    expect(second.recorder.end).toBe(7);
    await second.recorder.append(Buffer.from('second'));
    expect((await all(second.recorder)).toString()).toBe('first\r\nsecond');
  });

  test('is not continued when it was changed', async () => {
    const { recorder, id } = await begin();
    await recorder.append(Buffer.from('evidence'));
    await recorder.close();
    writeFileSync(path, readFileSync(path, 'utf8').replace('evidence', 'innocent'));
    await expect(again(id)).rejects.toThrow('broken: changed');
  });

  test('that has ended is only read', async () => {
    const { recorder, id } = await begin();
    await recorder.append(Buffer.from('done'));
    await recorder.finish(EXIT);
    const before = readFileSync(path);
    const second = await again(id);
    expect(second.recorder.ended).toBe(true);
    expect((await all(second.recorder)).toString()).toBe('done');
    await expect(second.recorder.append(Buffer.from('x'))).rejects.toThrow('closed');
    await second.recorder.finish(null);
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

describe('verification', () => {
  let ids: string[];
  const other = () => join(directory, 'other.cast');
  beforeEach(async () => {
    ids = [];
    for (const at of [path, other()]) {
      const { recorder, id } = await begin({ at });
      ids.push(id);
      for (let block = 0; block < 6; block += 1) {
        await recorder.append(Buffer.from(`block ${block} `.repeat(80_000)));
      }
      await recorder.finish(EXIT);
    }
    expect(await verified()).toMatchObject({ state: 'intact', links: expect.any(Number) });
  });

  const isLink = (line: string) => /^\[[\d.]+,"h"/u.test(line);
  /** The parts of the recording: what each link seals, with its link. */
  function parts(at = path): string[][] {
    const found: string[][] = [[]];
    for (const line of lines(at)) {
      found.at(-1)?.push(line);
      if (isLink(line)) found.push([]);
    }
    return found;
  }
  const rewrite = (these: readonly string[]) => writeFileSync(path, `${these.join('\n')}\n`);

  test('finds any byte that was flipped, and says up to where it is right', async () => {
    const whole = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        writeFileSync(path, changed);
        const found = await verified(path, { ended: true });
        expect(found.state).toBe('broken');
        expect(found.bytes).toBeLessThanOrEqual(at);
        // Without that knowledge a spoilt last line may look like one that was never finished.
        expect((await verified()).state).not.toBe('intact');
      }),
      { numRuns: runs(60) },
    );
  });

  test('finds any cut, when it is known to have ended', async () => {
    const whole = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (size) => {
        writeFileSync(path, whole);
        truncateSync(path, size);
        expect(await verified(path, { ended: true })).toMatchObject({ state: 'broken' });
        expect((await verified()).state).not.toBe('intact');
      }),
      { numRuns: runs(40) },
    );
  });

  test('finds parts in another order, and a part that is missing', async () => {
    const [first = [], second = [], third = [], ...rest] = parts();
    rewrite([first, third, second, ...rest].flat());
    expect(await verified()).toMatchObject({ state: 'broken', fault: 'out_of_order', links: 1 });
    rewrite([first, third, ...rest].flat());
    expect(await verified()).toMatchObject({ state: 'broken', fault: 'out_of_order', links: 1 });
  });

  test('finds a part of another recording, and another recording in its place', async () => {
    const mine = parts();
    const others = parts(other());
    rewrite([mine[0] ?? [], others[1] ?? [], ...mine.slice(2)].flat());
    expect(await verified()).toMatchObject({ state: 'broken', fault: 'changed', links: 1 });
    rewrite(others.flat());
    expect(await verified(path, { recordingId: ids[0] ?? '' })).toMatchObject({ fault: 'another_recording' });
    expect(await verified(path, { recordingId: ids[1] ?? '' })).toMatchObject({ state: 'intact' });
  });

  test('finds what follows the end', async () => {
    appendFileSync(path, '[9999.000,"o","more"]\n');
    expect(await verified()).toMatchObject({ state: 'broken', fault: 'continued' });
  });

  test('finds a signature that was taken out or made with another key', async () => {
    const whole = readFileSync(path, 'utf8');
    const stranger = testKey();
    writeFileSync(path, whole.replaceAll(/"sig":"[^"]+"/gu, `"sig":"${Buffer.alloc(64).toString('base64')}"`));
    expect(await verified()).toMatchObject({ state: 'broken', fault: 'forged', links: 0 });
    expect(await verified(path, { trusted: null })).toMatchObject({ state: 'broken', fault: 'forged' });
    writeFileSync(path, whole.replaceAll(/"sig":"[^"]+"/gu, '"sig":""'));
    expect(await verified()).toMatchObject({ state: 'broken', fault: 'changed' });
    writeFileSync(path, whole);
    expect(await verified(path, { trusted: stranger.trusted })).toMatchObject({ state: 'broken', fault: 'wrong_key' });
  });

  test('answers for any bytes at all, and holds no line without an end', async () => {
    const whole = readFileSync(path, 'utf8');
    const start = lines()[0] ?? '';
    for (const content of [
      '',
      '\n',
      '{}',
      'null\n',
      `${start}`,
      `${start}\n[1,"h",{}]\n`,
      `${start}\n[1,"e",null]\n`,
      `${start}\n${'['.repeat(600_000)}\n`,
      `${'x'.repeat(5_000_000)}`,
      `${start}\n${'x'.repeat(5_000_000)}`,
      whole.replaceAll('\n', '\r\n'),
    ]) {
      writeFileSync(path, content);
      expect(await verified(path, { ended: true })).toMatchObject({ state: 'broken', links: 0 });
    }
  });
});
