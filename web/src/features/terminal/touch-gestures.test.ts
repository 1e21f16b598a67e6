import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { spanOf, wordAt } from './touch-gestures.ts';

describe('a selection by finger', () => {
  test('covers both ends, whichever way the finger went', () => {
    const cell = fc.record({ column: fc.nat(79), row: fc.nat(500) });
    fc.assert(
      fc.property(cell, cell, (one, other) => {
        const span = spanOf(one, other, 80);
        expect(span).toEqual(spanOf(other, one, 80));
        const first = span.row * 80 + span.column;
        const ends = [one, other].map(({ column, row }) => row * 80 + column);
        expect([first, first + span.length - 1]).toEqual([Math.min(...ends), Math.max(...ends)]);
      }),
    );
  });

  test.each([
    ['uci show network', 5, { from: 4, to: 7 }],
    ['uci show network', 0, { from: 0, to: 2 }],
    ['uci show network', 15, { from: 9, to: 15 }],
    ['uci show', 3, { from: 3, to: 3 }],
    ['', 40, { from: 40, to: 40 }],
  ])('begins with the word under it: %j at %i', (line, column, word) => {
    expect(wordAt(line, column)).toEqual(word);
  });
});
