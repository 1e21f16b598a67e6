import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { csvLine } from './csv.ts';

/** Reads one line as RFC 4180 says. */
function readLine(line: string): string[] {
  const cells: string[] = [];
  let rest = line;
  for (;;) {
    const match = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/u.exec(rest);
    if (match === null) throw new Error(`not a line: ${JSON.stringify(rest)}`);
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    rest = rest.slice(match[0].length);
    if (match[3] !== ',') return rest === '' ? cells : ['trailing'];
  }
}

test('every cell comes back whole, and none is a formula', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (cells) => {
      const read = readLine(csvLine(cells));
      expect(read).toHaveLength(cells.length);
      for (const [at, cell] of cells.entries()) {
        expect([cell, `'${cell}`]).toContain(read[at]);
        expect(read[at]).not.toMatch(/^\s*[=+\-@]|^[\t\r]/u);
      }
    }),
  );
});

test.each([
  ['=HYPERLINK("http://evil.example")', `"'=HYPERLINK(""http://evil.example"")"`],
  [' =1+1', `"' =1+1"`],
  ['+49 30', `"'+49 30"`],
  ['@SUM(A1)', `"'@SUM(A1)"`],
  ['-1', `"'-1"`],
  ['laptop', 'laptop'],
])('%s', (cell, written) => expect(csvLine([cell, -1, null])).toBe(`${written},-1,\r\n`));
