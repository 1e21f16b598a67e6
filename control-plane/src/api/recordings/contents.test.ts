import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { runs } from '../../../test/properties.ts';
import { MAX_LINE } from './cast-format.ts';
import { findMarkers, findText, playable } from './contents.ts';
import { PlainLines } from './plain-lines.ts';
import { testHeader } from './test-header.ts';

const HEADER = testHeader({ input: true });

async function* streamOf(content: string | Uint8Array, size = 1_000): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(content);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const cast = (...events: unknown[]) => `${[HEADER, ...events].map((line) => JSON.stringify(line)).join('\n')}\n`;

async function played(content: string): Promise<unknown[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of playable(HEADER, streamOf(content))) chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}

const plain = (...pieces: string[]) => {
  const lines = new PlainLines();
  return [...pieces.flatMap((piece, index) => lines.push(piece, index)), ...lines.end()];
};

describe('plain lines', () => {
  test.each([
    ['colours', '\x1b[1;31mred\x1b[0m line\r\n', 'red line'],
    ['a title', '\x1b]0;evil\x07shown\r\n', 'shown'],
    ['a title with its own end', '\x1b]0;evil\x1b\\shown\r\n', 'shown'],
    ['a link', '\x1b]8;;javascript:alert(1)\x1b\\click\x1b]8;;\x1b\\\r\n', 'click'],
    ['a device string', '\x1bP$qm\x1b\\after\r\n', 'after'],
    ['a character set', '\x1b(Btext\r\n', 'text'],
    ['what was taken back', 'lx\b \bs\r\n', 'ls'],
    ['characters of several units', '€\u{1f600}\r\n', '€\u{1f600}'],
    ['a sequence that is cut', 'text\x1b[31', 'text'],
  ])('leave out %s', (_name, output, expected) => {
    expect(plain(output).map(({ text }) => text)).toEqual([expected]);
  });

  test('are the same however the output is cut, but for their times', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab\x1b[;m]\x07\\\r\n\b1P'), maxLength: 80 }), (output) => {
        expect(plain(...output).map(({ text }) => text)).toEqual(plain(output).map(({ text }) => text));
      }),
    );
  });

  test('begin when their first character came', () => {
    expect(plain('a', 'b', 'c\r\n', 'd')).toEqual([
      { seconds: 0, text: 'abc' },
      { seconds: 3, text: 'd' },
    ]);
  });

  test('hold a bounded line of output without an end', () => {
    const [line] = plain(...Array.from({ length: 100 }, () => 'x'.repeat(1_000)));
    expect(line?.text.length).toBe(2_000);
  });
});

describe('what a player gets', () => {
  test('is output, sizes, markers and input, and nothing that it does not know', async () => {
    const content = cast(
      [0, 'o', 'a'],
      [1, 'b', 'AA=='],
      [1, 'o', ''],
      [2, 'r', '100x30'],
      [3, 'm', 'x'],
      [4, 'i', 'y'],
    );
    const { netpilot: _ours, ...told } = HEADER;
    expect(await played(content)).toEqual([told, [0, 'o', 'a'], [2, 'r', '100x30'], [3, 'm', 'x'], [4, 'i', 'y']]);
  });

  test.each(['99999x99999', '0x0', '80', '80x24x3', '-1x5', '1.5x2', 'x', '1e9x1'])(
    'is no size of %s',
    async (size) => {
      expect(await played(cast([0, 'r', size]))).toHaveLength(1);
    },
  );

  test('is well-formed whatever stands in the file', async () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constantFrom('[1,"o"', '[1,"o","x"]', '[1e400,"o","x"]', '[-1,"o","x"]'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { maxLength: 20 }), fc.integer({ min: 1, max: 50 }), async (lines, size) => {
        const content = `${JSON.stringify(HEADER)}\n${lines.join('\n')}\n`;
        const chunks: Buffer[] = [];
        for await (const chunk of playable(HEADER, streamOf(content, size))) chunks.push(chunk);
        for (const line of Buffer.concat(chunks).toString('utf8').trimEnd().split('\n').slice(1)) {
          expect(JSON.parse(line)).toEqual([
            expect.any(Number),
            expect.stringMatching(/^[oirm]$/u),
            expect.any(String),
          ]);
        }
        await findText(streamOf(content, size), 'x');
        await findMarkers(streamOf(content, size));
      }),
      { numRuns: runs(300) },
    );
  });

  test('ends at a line that is too long for ours', async () => {
    const long = `${cast([0, 'o', 'before'])}[1,"o","${'x'.repeat(MAX_LINE)}"]\n[2,"o","behind"]\n`;
    expect(await played(long)).toHaveLength(2);
  });
});

describe('finding', () => {
  test('text stands where its line began, in any case and through escape sequences', async () => {
    const content = cast([1, 'o', 'one \x1b[31mNee'], [2, 'o', 'dle\x1b[0m\r\n'], [3, 'o', 'two\r\n']);
    expect(await findText(streamOf(content), 'needLE')).toEqual({
      items: [{ seconds: 1, line: 'one Needle' }],
      complete: true,
    });
    expect(await findText(streamOf(content), '31m')).toEqual({ items: [], complete: true });
  });

  test('gives a bounded number of places with bounded lines', async () => {
    const content = cast(
      ...Array.from({ length: 300 }, (_, at) => [at, 'o', `${'-'.repeat(1_000)}x${'-'.repeat(500)}\r\n`]),
    );
    const { items, complete } = await findText(streamOf(content), 'x');
    expect([items.length, complete]).toEqual([200, false]);
    expect(Math.max(...items.map(({ line }) => line.length))).toBe(300);
    expect(items[0]?.line).toContain('x');
  });

  test('commands stand behind prompts that are known, and nowhere else', async () => {
    const content = cast(
      [1, 'o', 'root@OpenWrt:~# uci show\r\n'],
      [2, 'o', '[admin@MikroTik] /ip/address> print\r\n'],
      [3, 'o', 'user@host: no prompt\r\nroot@OpenWrt:~# \r\nprice: 5$ each\r\n'],
      [4, 'm', 'alice took over'],
      [5, 'r', '90x20'],
    );
    expect(await findMarkers(streamOf(content))).toEqual({
      items: [
        { seconds: 1, kind: 'command', label: 'uci show' },
        { seconds: 2, kind: 'command', label: 'print' },
        { seconds: 4, kind: 'note', label: 'alice took over' },
        { seconds: 5, kind: 'resize', label: '90x20' },
      ],
      complete: true,
    });
  });

  test('a line made to keep the search for prompts busy ends at once', async () => {
    const hostile = `${'a@'.repeat(900)}:${'#'.repeat(100)}`;
    const content = cast(...Array.from({ length: 200 }, (_, at) => [at, 'o', `${hostile}\r\n`]));
    expect((await findMarkers(streamOf(content))).items.length).toBeLessThanOrEqual(500);
  });
});
