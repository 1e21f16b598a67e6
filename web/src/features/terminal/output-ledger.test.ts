import { describe, expect, it } from '@jest/globals';
import { OUTPUT_WINDOW } from '@netpilot/control-plane/contract/terminal-frames.ts';
import * as fc from 'fast-check';
import { ACK_BYTES, OutputGapError, OutputLedger } from './output-ledger.ts';

const begun = (offset: number) => {
  const ledger = new OutputLedger();
  ledger.begin(offset);
  return ledger;
};

describe('the ledger of output', () => {
  it('passes new bytes, leaves out repeated ones and refuses a gap', () => {
    const ledger = begun(100);
    expect([...ledger.receive(100, Uint8Array.of(1, 2, 3))]).toEqual([1, 2, 3]);
    expect([...ledger.receive(101, Uint8Array.of(2, 3, 4))]).toEqual([4]);
    expect([...ledger.receive(90, Uint8Array.of(9))]).toEqual([]);
    expect(ledger.received).toBe(104);
    expect(() => ledger.receive(105, Uint8Array.of(6))).toThrow(OutputGapError);
  });

  it('refuses a sender that goes past the window, and takes it again after an acknowledgement', () => {
    const ledger = begun(0);
    ledger.receive(0, new Uint8Array(OUTPUT_WINDOW));
    expect(() => ledger.receive(OUTPUT_WINDOW, Uint8Array.of(1))).toThrow(OutputGapError);
    ledger.parse(10);
    expect(ledger.acknowledge()).toBe(10);
    expect(ledger.receive(OUTPUT_WINDOW, Uint8Array.of(1))).toHaveLength(1);
  });

  it('acknowledges at once from 64 KiB on, and each offset only once', () => {
    const ledger = begun(0);
    ledger.receive(0, new Uint8Array(ACK_BYTES));
    expect(ledger.parse(ACK_BYTES - 1)).toBe(false);
    expect(ledger.parse(1)).toBe(true);
    expect(ledger.acknowledge()).toBe(ACK_BYTES);
    expect(ledger.acknowledge()).toBeNull();
  });

  it('rebuilds the stream exactly, however it is cut and repeated', () => {
    const piece = fc.record({ back: fc.nat(20), length: fc.nat(50) });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), fc.array(piece), (stream, pieces) => {
        const ledger = begun(0);
        const seen: number[] = [];
        for (const { back, length } of pieces) {
          const from = Math.max(0, ledger.received - back);
          const fresh = ledger.receive(from, stream.subarray(from, from + length));
          seen.push(...fresh);
          ledger.parse(fresh.length);
        }
        expect(seen).toEqual([...stream.subarray(0, ledger.received)]);
        expect(ledger.parsed).toBe(ledger.received);
      }),
    );
  });
});
