import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  FRAME,
  FrameError,
  MAX_FRAME,
  type TerminalFrame,
  decodeFrame,
  encodeFrame,
  isTowardsTerminal,
} from '../../../contract/terminal-frames.ts';
import { checkFromPage, checkFromTerminal } from './frame-check.ts';

const offset = fc.maxSafeNat();
const bytes = fc.uint8Array({ minLength: 1, maxLength: 100 });
const size = fc.integer({ min: 1, max: 1_000 });
const fromPage: fc.Arbitrary<TerminalFrame> = fc.oneof(
  bytes.map((typed): TerminalFrame => ({ type: 'input', bytes: typed })),
  fc.tuple(size, size).map(([cols, rows]): TerminalFrame => ({ type: 'resize', cols, rows })),
  offset.map((at): TerminalFrame => ({ type: 'ack', offset: at })),
);
const fromTerminal: fc.Arbitrary<TerminalFrame> = fc.oneof(
  fc.tuple(offset, bytes).map(([at, shown]): TerminalFrame => ({ type: 'output', offset: at, bytes: shown })),
  offset.map((total): TerminalFrame => ({ type: 'taken', total })),
  fc.constant<TerminalFrame>({ type: 'attached', value: { offset: 1, truncated: false, cols: 80, rows: 24 } }),
  fc.constant<TerminalFrame>({ type: 'exit', value: { code: 0, signal: null, reason: 'exited' } }),
  fc.constant<TerminalFrame>({ type: 'notice', value: { kind: 'warning', text: 'soon' } }),
);

const encoded = (frame: TerminalFrame) => Buffer.from(encodeFrame(frame));

describe('frame checks', () => {
  test('each side may send its own frames and none of the other', () => {
    fc.assert(
      fc.property(fromPage, fromTerminal, (page, terminal) => {
        expect(checkFromPage(encoded(page))).toBe(FRAME[page.type]);
        expect(checkFromTerminal(encoded(terminal))).toBe(FRAME[terminal.type]);
        expect(() => checkFromPage(encoded(terminal))).toThrow(FrameError);
        expect(() => checkFromTerminal(encoded(page))).toThrow(FrameError);
      }),
    );
  });

  test('what passes is what the contract decodes, whatever the bytes', () => {
    const any = fc.oneof(fc.uint8Array({ maxLength: 40 }), fromTerminal.map(encodeFrame), fromPage.map(encodeFrame));
    fc.assert(
      fc.property(any, fc.nat(39), fc.nat(255), (frame, at, value) => {
        const changed = Buffer.from(frame);
        if (at < changed.length) changed[at] = value;
        const passes = (check: (bytes: Buffer) => number) => {
          try {
            check(changed);
            return true;
          } catch (error) {
            expect(error).toBeInstanceOf(FrameError);
            return false;
          }
        };
        let decoded: TerminalFrame | null = null;
        try {
          decoded = decodeFrame(changed);
        } catch {
          decoded = null;
        }
        const towards = decoded !== null && isTowardsTerminal(decoded);
        expect(passes(checkFromPage)).toBe(decoded !== null && towards);
        expect(passes(checkFromTerminal)).toBe(decoded !== null && !towards);
      }),
      { numRuns: 1_000 },
    );
  });

  test('nothing over the bound passes', () => {
    const input = Buffer.alloc(MAX_FRAME + 1, FRAME.input);
    expect(() => checkFromPage(input)).toThrow(FrameError);
    expect(() => checkFromTerminal(Buffer.alloc(MAX_FRAME + 1, FRAME.notice))).toThrow(FrameError);
  });
});
