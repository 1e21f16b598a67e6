import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  FRAME,
  FrameError,
  MAX_FRAME,
  type TerminalFrame,
  decodeFrame,
  encodeFrame,
} from '../../../contract/terminal-frames.ts';
import { runs } from '../../../test/properties.ts';
import { readAgentFrame, readPageFrame } from './frame-check.ts';

const offset = fc.maxSafeNat();
const bytes = fc.uint8Array({ minLength: 1, maxLength: 100 });
const size = fc.integer({ min: 1, max: 1_000 });
const fromPage: fc.Arbitrary<TerminalFrame> = fc.oneof(
  bytes.map((typed): TerminalFrame => ({ type: 'input', bytes: typed })),
  fc.tuple(size, size).map(([cols, rows]): TerminalFrame => ({ type: 'resize', cols, rows })),
  offset.map((at): TerminalFrame => ({ type: 'ack', offset: at })),
  fc.constant<TerminalFrame>({ type: 'takeOver' }),
);
const fromTerminal: fc.Arbitrary<TerminalFrame> = fc.oneof(
  fc.tuple(offset, bytes).map(([at, shown]): TerminalFrame => ({ type: 'output', offset: at, bytes: shown })),
  offset.map((total): TerminalFrame => ({ type: 'taken', total })),
  fc.constant<TerminalFrame>({ type: 'attached', value: { offset: 1, truncated: false, cols: 80, rows: 24 } }),
  fc.constant<TerminalFrame>({ type: 'exit', value: { code: 0, signal: null, reason: 'exited' } }),
  fc.constant<TerminalFrame>({ type: 'notice', value: { kind: 'warning', text: 'soon' } }),
);

/** What only the api says to a page. */
const fromApi: fc.Arbitrary<TerminalFrame> = fc.oneof(
  bytes.map((drawn): TerminalFrame => ({ type: 'screen', bytes: drawn })),
  fc.tuple(size, size).map(([cols, rows]): TerminalFrame => ({ type: 'resized', cols, rows })),
  fc.constant<TerminalFrame>({
    type: 'status',
    value: { role: 'follower', driver: null, tookOver: null, followers: 1, trouble: null },
  }),
);

const encoded = (frame: TerminalFrame) => Buffer.from(encodeFrame(frame));

describe('frame checks', () => {
  test('each side may send its own frames and none of the other', () => {
    fc.assert(
      fc.property(fromPage, fromTerminal, fromApi, (page, terminal, api) => {
        expect(readPageFrame(encoded(page)).type).toBe(page.type);
        const read = readAgentFrame(encoded(terminal));
        if (terminal.type === 'output') expect(read).toBe(terminal.offset);
        else expect(read).toEqual(terminal);
        for (const frame of [terminal, api]) expect(() => readPageFrame(encoded(frame))).toThrow(FrameError);
        for (const frame of [page, api]) expect(() => readAgentFrame(encoded(frame))).toThrow(FrameError);
      }),
    );
  });

  test('what passes is what the contract decodes, whatever the bytes', () => {
    const any = fc.oneof(fc.uint8Array({ maxLength: 40 }), fromTerminal.map(encodeFrame), fromPage.map(encodeFrame));
    const PAGE = ['input', 'resize', 'ack', 'takeOver'];
    const AGENT = ['output', 'attached', 'exit', 'notice', 'taken'];
    fc.assert(
      fc.property(any, fc.nat(39), fc.nat(255), (frame, at, value) => {
        const changed = Buffer.from(frame);
        if (at < changed.length) changed[at] = value;
        const passes = (read: (bytes: Buffer) => unknown) => {
          try {
            read(changed);
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
        const type = decoded?.type ?? 'none';
        // Output without a byte says nothing.
        const empty = decoded?.type === 'output' && decoded.bytes.length === 0;
        expect(passes(readPageFrame)).toBe(PAGE.includes(type));
        expect(passes(readAgentFrame)).toBe(AGENT.includes(type) && !empty);
      }),
      { numRuns: runs(1_000) },
    );
  });

  test('nothing over the bound passes', () => {
    const input = Buffer.alloc(MAX_FRAME + 1, FRAME.input);
    expect(() => readPageFrame(input)).toThrow(FrameError);
    expect(() => readAgentFrame(Buffer.alloc(MAX_FRAME + 1, FRAME.notice))).toThrow(FrameError);
    expect(() => readAgentFrame(Buffer.alloc(MAX_FRAME + 1, FRAME.output))).toThrow(FrameError);
  });
});
