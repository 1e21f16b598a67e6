import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { runs } from '../../../test/properties.ts';
import { csvCell, csvLine } from './csv.ts';

/** What a spreadsheet reads: RFC 4180, quotes taken off. */
function read(line: string): string[] {
  const cells: string[] = [];
  for (const [, cell = ''] of line.replace(/\r\n$/u, '').matchAll(/(?:^|,)("(?:[^"]|"")*"|)/gu)) {
    cells.push(cell === '' ? '' : cell.slice(1, -1).replaceAll('""', '"'));
  }
  return cells;
}

const hostile = fc.string({ unit: 'binary', maxLength: 40 });
const formula = fc
  .tuple(fc.constantFrom('', ' ', '\t', '\r', '\n', '\u200b', '\u0000'), fc.constantFrom(...'=+-@＝＋－＠'), hostile)
  .map((parts) => parts.join(''));

describe('a cell', () => {
  test.each([
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    ' =1',
    '＝1',
    '=HYPERLINK("http://evil","x")',
    "=cmd|' /C calc'!A0",
  ])('with %j is text', (text) => expect(csvCell(text)).toMatch(/^"'/u));

  test('of a number stays a number', () => expect(csvCell(-1)).toBe('"-1"'));

  test('whatever it holds, no spreadsheet begins to calculate, and no line or terminal breaks', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(hostile, formula), { minLength: 1, maxLength: 6 }), (values) => {
        const line = csvLine(values);
        expect(line.slice(0, -2)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        const cells = read(line);
        expect(cells).toHaveLength(values.length);
        for (const cell of cells) expect(cell).not.toMatch(/^\s*[=+\-@＝＋－＠]/u);
      }),
      { numRuns: runs(2_000) },
    );
  });

  test('keeps harmless text as it is', () => {
    const harmless = fc.string({ unit: fc.constantFrom(...'abcXYZ 0129,;"äß日本{}:') }).map((text) => `a${text}`);
    fc.assert(
      fc.property(fc.array(harmless, { minLength: 1 }), (values) => expect(read(csvLine(values))).toEqual(values)),
    );
  });
});
