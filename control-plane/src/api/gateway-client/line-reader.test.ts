import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { LineReader, LineTooLong } from './line-reader.ts';

describe('LineReader', () => {
  test('gives the same lines however the bytes are cut', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 50 }).map((text) => text.replaceAll('\n', '')));
    fc.assert(
      fc.property(texts, fc.array(fc.integer({ min: 1, max: 20 })), (lines, sizes) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const reader = new LineReader(1_000);
        const read: string[] = [];
        for (let at = 0, index = 0; at < bytes.length; index += 1) {
          const size = sizes[index] ?? 7;
          read.push(...reader.push(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(read).toEqual(lines.filter((text) => text.length > 0));
      }),
    );
  });

  test('refuses a line over its bound, in one piece or in many', () => {
    expect(() => new LineReader(10).push(Buffer.from('12345678901\n'))).toThrow(LineTooLong);
    const reader = new LineReader(10);
    expect(reader.push(Buffer.from('123456'))).toEqual([]);
    expect(() => reader.push(Buffer.from('78901'))).toThrow(LineTooLong);
    expect(new LineReader(10).push(Buffer.from('1234567890\n'))).toEqual(['1234567890']);
  });
});
