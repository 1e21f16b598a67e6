import { describe, expect, test } from '@jest/globals';
import type { Terminal as HeadlessTerminal } from '@xterm/headless';
import * as fc from 'fast-check';
import { runs } from '../../../../test/properties.ts';
import { type Attributes, innerOf, linkOf, openHeadless, parse, underlineOf } from './headless.ts';
import { endOfPlainText, isText } from './plain-text.ts';
import { ScreenModel } from './screen-model.ts';

const write = (terminal: HeadlessTerminal, bytes: Uint8Array | string) => parse(terminal, Buffer.from(bytes as string));

const COLOURS = ['getFgColor', 'getBgColor'] as const;
const FLAGS = [
  'isFgRGB',
  'isFgPalette',
  'isBgRGB',
  'isBgPalette',
  'isBold',
  'isItalic',
  'isDim',
  'isBlink',
  'isInverse',
  'isInvisible',
  'isStrikethrough',
  'isOverline',
] as const;

const isLink = (attributes: Attributes) => linkOf(attributes) !== 0;

/** What a person sees and what decides how it goes on: the last `lines` lines of the buffers, cursor, modes, pen. */
function seen(terminal: HeadlessTerminal, lines: number) {
  const buffers = [
    terminal.buffer.normal,
    ...(terminal.buffer.active.type === 'alternate' ? [terminal.buffer.active] : []),
  ];
  const inner = innerOf(terminal);
  const cells = buffers.map((buffer) => {
    const from = Math.max(0, buffer.length - lines);
    return Array.from({ length: buffer.length - from }, (_, index) => {
      const line = buffer.getLine(from + index);
      const row = Array.from({ length: terminal.cols }, (__, x) => {
        const cell = line?.getCell(x);
        if (cell === undefined) return '';
        const colours = COLOURS.map((name) => cell[name]());
        const flags = FLAGS.map((name) => (cell[name]() ? 1 : 0)).join('');
        // Whether a cell was erased or has a space is the same picture.
        return `${cell.getChars() || ' '}${cell.getWidth()} ${colours.join(',')} ${flags}${underlineOf(cell)} ${isLink(cell)}`;
      });
      // What a line at the top of the history goes on from is gone.
      return { wrapped: (index > 0 || buffer.type === 'alternate') && line?.isWrapped, row };
    });
  });
  const active = terminal.buffer.active;
  const margins = active.type === 'alternate' ? inner.buffers.alt : inner.buffers.normal;
  return {
    cells,
    type: active.type,
    cursor: [active.cursorX, active.cursorY],
    margins: [margins.scrollTop, margins.scrollBottom],
    modes: terminal.modes,
    hidden: inner.cursor.hidden,
    pen: [
      ...COLOURS.map((name) => inner.pen[name]()),
      ...FLAGS.map((name) => Boolean(inner.pen[name]())),
      underlineOf(inner.pen),
      isLink(inner.pen),
    ],
  };
}

const number = fc.integer({ min: 0, max: 30 });
/** Pieces of output that programs, and those who want to break one, write. */
const piece = fc.oneof(
  fc.constantFrom(
    'hello ',
    'wörld ',
    '日本語',
    'e\u0301',
    '\u0301',
    '\u0000',
    '👍',
    'x'.repeat(25),
    '\t',
    '\b',
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    ' ',
  ),
  fc.stringMatching(/^[ -~]{0,40}$/u),
  fc.tuple(number, number).map(([row, column]) => `\u001b[${row};${column}H`),
  fc.tuple(number, fc.constantFrom(...'ABCDEFGXP@LMSTbd')).map(([n, final]) => `\u001b[${n}${final}`),
  fc.constantFrom('\u001b[J', '\u001b[1J', '\u001b[2J', '\u001b[K', '\u001b[1K', '\u001b[2K'),
  fc
    .constantFrom(
      '0',
      '1',
      '2',
      '3',
      '4',
      '4:3',
      '7',
      '9',
      '31',
      '42',
      '38;5;200',
      '48;5;17',
      '38;2;1;2;3',
      '48;2;9;8;7',
      '22',
      '27',
      '39',
      '49',
    )
    .map((n) => `\u001b[${n}m`),
  fc.tuple(number, number).map(([top, bottom]) => `\u001b[${Math.min(top, bottom)};${Math.max(top, bottom)}r`),
  fc.constantFrom(
    '\u001b7',
    '\u001b8',
    '\u001b[s',
    '\u001b[u',
    '\u001bM',
    '\u001bD',
    '\u001bE',
    '\u001bH',
    '\u001b[3g',
    '\u001b(0',
    '\u001b(B',
    '\u000e',
    '\u000f',
    '\u001b)0',
  ),
  fc
    .constantFrom('?1', '?6', '?25', '?45', '?47', '?1000', '?1004', '?1006', '?1047', '?1049', '?2004', '4')
    .chain((mode) => fc.constantFrom(`\u001b[${mode}h`, `\u001b[${mode}l`)),
  fc.constantFrom(
    '\u001b[4 q',
    '\u001b[0 q',
    '\u001b=',
    '\u001b>',
    '\u001b]0;title\u0007',
    '\u001b]2;wi\u202edth\u001b\\',
  ),
  // What hostile output asks: nobody may answer.
  fc.constantFrom(
    '\u001b[c',
    '\u001b[>c',
    '\u001b[6n',
    '\u001b[5n',
    '\u001b[21t',
    '\u001bP$qm\u001b\\',
    '\u001b]52;c;?\u0007',
    '\u001b[?6n',
    '\u001b]11;?\u0007',
  ),
  fc.constantFrom(
    '\u001b[99999999999;1H',
    '\u001b[',
    '\u001b]0;never ends',
    '\u001b\t]0;begins late\n',
    '\u001b\r[3\n1',
    '\u001bP+q',
    '\u009b31m',
    '\u001b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19;20;21;22;23;24;25;26;27;28;29;30;31;32;33m',
  ),
);
/** A cursor that is restored takes no link along that was opened since, and gets it back with the next colour: that is not told. */
const RESTORES = ['\u001b8', '\u001b[u', '\u001b[?1049l'];
const linked = fc.oneof(
  { weight: 6, arbitrary: piece.filter((each) => !RESTORES.includes(each)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '\u001b]8;;http://one.test/a?b=c;d\u001b\\',
      '\u001b]8;id=x:y=z;https://two.test/\u0007',
      '\u001b]8;;javascript:alert(1)\u001b\\',
      '\u001b]8;;\u001b\\',
    ),
  },
);
/** Where nothing wraps, a wide character that finds no room leaves half of another behind (xterm 6.0): that is not told. */
const WIDE = ['日本語', '👍'];
const unwrapped = fc.oneof(
  { weight: 6, arbitrary: piece.filter((each) => !WIDE.includes(each)) },
  { weight: 1, arbitrary: fc.constantFrom('\u001b[?7l', '\u001b[?7h') },
);
const textOf = (pieces: fc.Arbitrary<string>) =>
  fc.array(pieces, { maxLength: 40 }).map((all) => Buffer.from(all.join('')));
const broken = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes));
const outputOf = (pieces: fc.Arbitrary<string>) =>
  fc
    .array(fc.oneof({ weight: 8, arbitrary: textOf(pieces) }, { weight: 1, arbitrary: broken }), {
      minLength: 1,
      maxLength: 5,
    })
    .map((parts) => Buffer.concat(parts));
const output = outputOf(piece);
/** What is there before somebody joins, and what comes then. */
const outputs = fc.oneof(
  fc.tuple(output, output),
  fc.tuple(outputOf(linked), outputOf(linked)),
  fc.tuple(textOf(unwrapped), textOf(unwrapped)),
);
const size = fc.record({ cols: fc.integer({ min: 2, max: 30 }), rows: fc.integer({ min: 2, max: 12 }) });

describe('a screen that somebody joins', () => {
  test('is the one of a terminal that was there from the beginning, and stays so', async () => {
    await fc.assert(
      fc.asyncProperty(
        size,
        outputs,
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (shape, [before, after], part) => {
          const cut = Math.floor(before.length * part);
          const model = new ScreenModel(shape);
          const faithful = openHeadless(shape);
          const answers: string[] = [];
          faithful.onData((data) => answers.push(data));
          try {
            model.output(before.subarray(0, cut));
            model.output(before.subarray(cut));
            write(faithful, before);
            const joined = openHeadless(shape);
            write(joined, model.state());
            const lines = shape.rows + 50;
            expect(seen(joined, lines)).toEqual(seen(faithful, lines));
            write(joined, after);
            write(faithful, after);
            expect(seen(joined, lines)).toEqual(seen(faithful, lines));
            joined.dispose();
          } finally {
            model.dispose();
            faithful.dispose();
          }
        },
      ),
      { numRuns: runs(300) },
    );
  });
});

describe('a hyperlink', () => {
  /** Where the characters on the first line lead. */
  const targets = (before: string, columns: number, after = '') => {
    const model = new ScreenModel({ cols: 40, rows: 4 });
    model.output(Buffer.from(before));
    const state = model.state();
    const joined = openHeadless({ cols: 40, rows: 4 });
    write(joined, state);
    write(joined, after);
    const line = joined.buffer.active.getLine(0);
    const { link } = innerOf(joined);
    const found = Array.from({ length: columns }, (_, x) => {
      const cell = line?.getCell(x);
      return cell === undefined ? undefined : link(linkOf(cell));
    });
    model.dispose();
    joined.dispose();
    return { found, state: state.toString('utf8') };
  };

  test('to the web is there for who joins, and goes on where it was open', () => {
    const { found } = targets(
      'a\u001b]8;id=n;https://one.test/x;y\u0007b\u001b[1mc\u001b]8;;http://two.test\u0007d',
      4,
    );
    expect(found).toEqual([
      undefined,
      { id: 'n', uri: 'https://one.test/x;y' },
      { id: 'n', uri: 'https://one.test/x;y' },
      { uri: 'http://two.test' },
    ]);
  });

  test('that was open when the cursor was saved is open when it is restored', () => {
    const { found } = targets('\u001b]8;;https://one.test\u0007\u001b7a\u001b8', 1, 'b\u001b]8;;\u0007');
    expect(found).toEqual([{ uri: 'https://one.test' }]);
  });

  test.each([
    ['a script', 'javascript:alert(1)'],
    ['a file', 'file:///etc/passwd'],
    ['another program', 'ssh://host'],
    ['no host', 'https:evil'],
    ['an address with a space', ' https://one.test'],
    ['an address that is written backwards', 'https://one.test/\u202egnp.exe'],
    ['an address without end', `https://one.test/${'x'.repeat(5_000)}`],
  ])('to %s looks like one and leads nowhere', (_what, address) => {
    const { found, state } = targets(`\u001b]8;;${address}\u0007a\u001b]8;;\u0007b`, 2);
    expect(found).toEqual([{ uri: 'about:blank' }, undefined]);
    expect(state).not.toContain(address.trim());
  });

  test('with a name that would end its parameters has none', () => {
    expect(targets('\u001b]8;id=\u202ename;https://one.test\u0007a', 1).found).toEqual([{ uri: 'https://one.test' }]);
  });

  test('in each cell takes a bounded part of a screen', () => {
    const model = new ScreenModel({ cols: 40, rows: 4 });
    const long = `https://one.test/${'x'.repeat(2_000)}`;
    for (let line = 0; line < 1_000; line += 1) {
      model.output(Buffer.from(`\u001b]8;;${long}\u0007a\u001b]8;;https://b.test\u0007b\r\n`));
    }
    expect(model.state().length).toBeLessThan(400_000);
    model.dispose();
  });
});

/** What somebody who joins sees. */
function shown(model: ScreenModel, shape: { cols: number; rows: number }) {
  const joined = openHeadless(shape);
  write(joined, model.state());
  const all = seen(joined, shape.rows + 1_000);
  joined.dispose();
  return all;
}

describe('plain text', () => {
  const place = { cols: 10, lines: 20, column: 0 };

  test.each([
    ['with returns', fc.stringMatching(/^[ -~\t]{0,60}$/u), fc.constant('\r\n')],
    ['without returns', fc.stringMatching(/^[ -~]{0,60}$/u), fc.constant('\n')],
    ['with some returns', fc.stringMatching(/^[ -~]{0,60}$/u), fc.constantFrom('\r\n', '\n', '\n\r')],
  ])('%s that scrolls away may be left out', async (_name, line, newline) => {
    const lines = fc.array(
      fc.tuple(line, newline).map(([one, end]) => one + end),
      { minLength: 60, maxLength: 120 },
    );
    await fc.assert(
      fc.asyncProperty(output, lines, async (before, text_) => {
        const shape = { cols: 10, rows: 4 };
        const bytes = Buffer.from(text_.join(''));
        const [whole, rest] = [openHeadless(shape), openHeadless(shape)];
        // Few lines are kept, so that few lines replace all of them.
        for (const terminal of [whole, rest]) {
          terminal.options.scrollback = 12;
          write(terminal, '\u001b[1;31mred\r\n');
          write(terminal, before.toString('latin1').replaceAll(/[^ -~\r\n\t]/gu, ''));
        }
        const end = endOfPlainText(bytes, { ...place, column: rest.buffer.active.cursorX });
        expect(end?.from).toBeGreaterThan(0);
        write(whole, bytes);
        write(rest, `\r${end?.column === 0 ? '' : `\u001b[${end?.column}C`}`);
        write(rest, bytes.subarray(end?.from));
        expect(seen(rest, 16)).toEqual(seen(whole, 16));
        whole.dispose();
        rest.dispose();
      }),
      { numRuns: runs(100) },
    );
  });

  test.each([
    ['an escape', 'a\r\n'.repeat(50) + '\u001b[1m' + 'a\r\n'.repeat(50)],
    ['a character that is not ASCII', 'a\r\n'.repeat(50) + 'é' + 'a\r\n'.repeat(50)],
    ['too few lines', 'a\r\n'.repeat(20)],
    ['tabs without returns', 'a\tb\n'.repeat(100)],
  ])('with %s is parsed', (_name, bytes) => {
    expect(endOfPlainText(Buffer.from(bytes), place)).toBeNull();
  });

  test('drawn by the model is as if all of it had been parsed', () => {
    const shape = { cols: 10, rows: 4 };
    const bytes = Buffer.from('staircase of text\n'.repeat(3_000));
    const model = new ScreenModel(shape);
    const faithful = openHeadless(shape);
    write(faithful, bytes);
    model.output(bytes);
    const joined = openHeadless(shape);
    write(joined, model.state());
    expect(seen(joined, 60)).toEqual(seen(faithful, 60));
    for (const one of [model, faithful, joined]) one.dispose();
  });

  test('of any kind may be leaped over up to its end', async () => {
    const written = fc.string({ unit: fc.constantFrom(...'ab c~äÿ一\t\u0007\u0008'), maxLength: 40 });
    const lines = fc.array(fc.tuple(written, fc.constantFrom('\r\n', '\r\n', '\n')), { minLength: 60, maxLength: 120 });
    await fc.assert(
      fc.asyncProperty(size, output, lines, output, async (shape, before, text_, after) => {
        const bytes = Buffer.from(text_.map((line) => line.join('')).join(''));
        expect(isText(bytes)).toBe(true);
        const [faithful, leaped] = [new ScreenModel(shape), new ScreenModel(shape)];
        try {
          for (const model of [faithful, leaped]) {
            model.output(before);
            // Enough lines that nothing of it is left.
            model.output(Buffer.from('x\r\n'.repeat(1_100)));
          }
          const end = Buffer.concat([Buffer.from('y\r\n'.repeat(1_100)), bytes]);
          faithful.output(Buffer.concat([Buffer.from('not told of\r\n\n\u0008'), end]));
          if (!leaped.leap(end)) return;
          for (const model of [faithful, leaped]) model.output(after);
          expect(shown(leaped, shape)).toEqual(shown(faithful, shape));
        } finally {
          faithful.dispose();
          leaped.dispose();
        }
      }),
      { numRuns: runs(60) },
    );
  });

  test('is not leaped over in the middle of a sequence, in another buffer, or when its end is short', () => {
    const end = Buffer.from('text\r\n'.repeat(1_200));
    const leaps = (before: string, bytes = end) => {
      const model = new ScreenModel({ cols: 10, rows: 4 });
      model.output(Buffer.from(before));
      const did = model.leap(bytes);
      model.dispose();
      return did;
    };
    expect(leaps('')).toBe(true);
    for (const before of [
      '\u001b[3',
      '\u001b]2;title',
      '\u001b[?1049h',
      '\u001b[2;3r',
      '\u001b[?7l',
      '\u001b[4h',
      '\u001b(0',
    ]) {
      expect([before, leaps(before)]).toEqual([before, false]);
    }
    expect(leaps('', Buffer.from('text\r\n'.repeat(1_000)))).toBe(false);
    expect(leaps('', Buffer.from('text\n'.repeat(2_000)))).toBe(false);
  });

  test.each(['\u001b[m', '\u000e', '\u000f', '\u009b1m', '\u0085'])('%j is no text', (control) => {
    expect(isText(Buffer.from(`text ${control} text`))).toBe(false);
  });
});
