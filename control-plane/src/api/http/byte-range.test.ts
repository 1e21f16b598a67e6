import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { holdsTag, parseRange } from './byte-range.ts';

describe('a Range header', () => {
  test.each([
    ['bytes=0-', { first: 0, last: 99 }],
    ['bytes=10-19', { first: 10, last: 19 }],
    ['bytes=90-1000', { first: 90, last: 99 }],
    ['bytes=-30', { first: 70, last: 99 }],
    ['bytes=-1000', { first: 0, last: 99 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=20-10', 'whole'],
    ['bytes=0-1,5-6', 'whole'],
    ['lines=0-1', 'whole'],
    ['bytes=-', 'whole'],
    [undefined, 'whole'],
  ] as const)('%s of 100 bytes', (header, expected) => expect(parseRange(header, 100)).toEqual(expected));

  test('never reaches out of the file', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'bytes=-0123456789, ') }), fc.nat(), (text, size) => {
        const range = parseRange(`bytes=${text}`, size);
        if (typeof range === 'string') return;
        expect(range.first).toBeGreaterThanOrEqual(0);
        expect(range.last).toBeGreaterThanOrEqual(range.first);
        expect(range.last).toBeLessThan(size);
      }),
    );
  });
});

test.each([
  ['*', true],
  ['"a"', true],
  ['"b", "a"', true],
  ['W/"a"', false],
  ['a', false],
  ['', false],
])('the tags %s hold "a": %s', (header, expected) => expect(holdsTag(header, '"a"')).toBe(expected));
