import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { runs } from '../test/properties.ts';
import { decodeFrame, encodeFrame, FRAME, FrameError, FrameReader, MAX_FRAME, withLength } from './terminal-frames.ts';

const KNOWN = new Set<number>(Object.values(FRAME));

describe('frames of a terminal', () => {
  test('whatever the bytes, a frame comes of them that encodes to the same meaning, or a FrameError', () => {
    const plausible = fc.tuple(fc.constantFrom(...KNOWN), fc.uint8Array({ maxLength: 60 }));
    const any = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      plausible.map(([type, rest]) => Uint8Array.from([type, ...rest])),
      fc
        .tuple(fc.constantFrom(FRAME.attached, FRAME.exit, FRAME.notice), fc.json())
        .map(([type, text]) => Uint8Array.from([type, ...new TextEncoder().encode(text)])),
    );
    fc.assert(
      fc.property(any, (bytes) => {
        try {
          const frame = decodeFrame(bytes);
          expect(KNOWN).toContain(bytes[0]);
          expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
      { numRuns: runs(2_000) },
    );
  });

  test('a view into a larger buffer reads no byte beside it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 1, maxLength: 40 }), (before, bytes) => {
        const large = Uint8Array.from([...before, ...bytes, ...before]);
        const outcome = (frame: Uint8Array) => {
          try {
            return JSON.stringify(decodeFrame(frame));
          } catch (error) {
            return String(error);
          }
        };
        expect(outcome(large.subarray(before.length, before.length + bytes.length))).toBe(outcome(bytes));
      }),
    );
  });

  test('however a stream is cut, the reader gives the frames that were sent', () => {
    const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 15 });
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sent, sizes) => {
        const bytes = Buffer.concat(sent.map(withLength));
        const reader = new FrameReader();
        const read: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          read.push(...reader.push(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(read.map((frame) => Buffer.from(frame))).toEqual(sent.map((frame) => Buffer.from(frame)));
      }),
    );
  });

  test('a stream of anything gives bounded frames or a FrameError', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 20 }), (chunks) => {
        const reader = new FrameReader();
        try {
          for (const chunk of chunks)
            for (const frame of reader.push(chunk)) expect(frame.length >= 1 && frame.length <= MAX_FRAME).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
    );
  });
});
