import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { runs } from '../../../test/properties.ts';
import { MAX_EVENT_OUTPUT, MAX_LINE, parseEvent } from './cast-format.ts';
import { writeJsonText } from './json-text.ts';
import { LineBuffer } from './line-buffer.ts';
import { OutputEvents } from './output-events.ts';

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 100 }).map((text) => Uint8Array.from(Buffer.from(text))),
  fc
    .constantFrom('\r\n', '"\\', '\x1b[31m', '€', '\u{1f600}', 'plain text that is long enough')
    .map((text) => Uint8Array.from(Buffer.from(text))),
);

function encode(chunks: readonly Uint8Array[]): { exact: Buffer; shown: string; longest: number } {
  const events = new OutputEvents();
  const exact: Buffer[] = [];
  let shown = '';
  let longest = 0;
  let bytes: Buffer | null = null;
  for (const [index, chunk] of chunks.entries()) {
    const buffer = LineBuffer.take();
    events.encode(chunk, index, buffer);
    const lines = buffer.from(0).toString('utf8').split('\n').slice(0, -1);
    buffer.release();
    for (const line of lines) {
      longest = Math.max(longest, Buffer.byteLength(line));
      const event = parseEvent(Buffer.from(line));
      expect(event.seconds).toBe(index / 1_000);
      if (event.code === 'b') bytes = event.bytes;
      else if (event.code === 'o') {
        exact.push(bytes ?? Buffer.from(event.text));
        shown += event.text;
        bytes = null;
      }
    }
    expect(bytes).toBeNull();
  }
  return { exact: Buffer.concat(exact), shown, longest };
}

describe('output events', () => {
  test('any bytes in any pieces come back exactly', () => {
    fc.assert(
      fc.property(
        fc.array(
          anyBytes.filter((bytes) => bytes.length > 0),
          { maxLength: 12 },
        ),
        (chunks) => {
          expect(encode(chunks).exact.equals(Buffer.concat(chunks))).toBe(true);
        },
      ),
      { numRuns: runs(2_000) },
    );
  });

  test('text is shown whole however it is cut', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (said, sizes) => {
        const bytes = Buffer.from(said);
        const chunks: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(encode(chunks).shown).toBe(bytes.toString('utf8'));
      }),
    );
  });

  test('text of one piece needs no bytes of its own', () => {
    const lines = LineBuffer.take();
    new OutputEvents().encode(Buffer.from('größe €\r\n'), 1_500, lines);
    expect(lines.from(0).toString('utf8')).toBe('[1.500,"o","größe €\\r\\n"]\n');
  });

  test.each([
    ['control characters', Buffer.alloc(300_000, 0x1b)],
    ['bytes that are no text', Buffer.alloc(300_000, 0xff)],
    ['characters of several bytes', Buffer.from('€'.repeat(100_000))],
  ])('much at once becomes lines within the bound: %s', (_name, bytes) => {
    const { exact, longest } = encode([bytes]);
    expect(exact.equals(bytes)).toBe(true);
    expect(longest).toBeLessThanOrEqual(MAX_LINE);
    expect(longest).toBeGreaterThan(MAX_EVENT_OUTPUT);
  });
});

test('text in JSON is what JSON.stringify makes of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
      const bytes = Buffer.from(text);
      const target = Buffer.alloc(bytes.length * 6 + 10);
      const end = writeJsonText(new DataView(target.buffer, target.byteOffset, target.length), 2, bytes);
      expect(JSON.parse(`"${target.toString('utf8', 2, end)}"`)).toBe(bytes.toString('utf8'));
    }),
    { numRuns: runs(2_000) },
  );
});
