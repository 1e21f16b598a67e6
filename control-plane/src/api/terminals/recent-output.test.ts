import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeFrame } from '../../../contract/terminal-frames.ts';
import { InputLine } from './input-line.ts';
import { SizeHistory } from '../recordings/size-history.ts';
import { RecentOutput, outputFrame } from './recent-output.ts';

const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 60 });

describe('recent output', () => {
  test('gives what was pushed from any offset that is kept, and never more than its bound', () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 2_000 }), fc.nat(1_000_000), (chunks, limit, start) => {
        const recent = new RecentOutput(start, limit);
        for (const chunk of chunks) recent.push(outputFrame(recent.end, chunk));
        const all = Buffer.concat(chunks);
        expect(recent.end).toBe(start + all.length);
        expect(recent.length).toBeLessThanOrEqual(limit);
        for (let offset = recent.start; offset < recent.end; offset += 37) {
          const frame = decodeFrame(recent.frameAt(offset) ?? Buffer.alloc(0));
          if (frame.type !== 'output') throw new Error('no output');
          expect(frame.offset).toBe(offset);
          const from = offset - start;
          expect(Buffer.from(frame.bytes).equals(all.subarray(from, from + frame.bytes.length))).toBe(true);
          expect(recent.copy(offset, 100)?.equals(all.subarray(from, from + 100))).toBe(true);
        }
        if (recent.start > start) expect([recent.frameAt(start), recent.copy(start, 1)]).toEqual([null, null]);
      }),
    );
  });

  test('holds few frames however small they are', () => {
    const recent = new RecentOutput(0, 1_000_000);
    for (let count = 0; count < 5_000; count += 1) recent.push(outputFrame(recent.end, Buffer.from('x')));
    expect(recent.length).toBeLessThanOrEqual(2_048);
    recent.limit(10);
    expect([recent.length, recent.end]).toEqual([10, 5_000]);
  });
});

describe('the sizes of a terminal', () => {
  test('are found by offset and number, and the oldest give way', () => {
    const sizes = new SizeHistory({ offset: 0, cols: 80, rows: 24 });
    for (let count = 1; count <= 1_500; count += 1)
      sizes.add({ offset: count * 10, cols: 80 + (count % 20), rows: 24 });
    expect([sizes.length, sizes.current.cols]).toEqual([1_501, 80]);
    expect(sizes.sizeAt(14_015)).toEqual({ cols: 81, rows: 24 });
    // Who kept a place that is gone goes on from the oldest.
    const oldest = sizes.at(3);
    expect(oldest?.offset).toBe(5_010);
    expect(sizes.at(sizes.after(3))?.offset).toBe(5_020);
    expect(sizes.at(sizes.length)).toBeUndefined();
  });
});

describe('input on its way', () => {
  test('keeps its order, its window and its owners over breaks of the agent', () => {
    const step = fc.oneof(
      fc.record({
        type: fc.constant('type' as const),
        owner: fc.constantFrom('a', 'b'),
        bytes: fc.integer({ min: 1, max: 90_000 }),
      }),
      fc.record({ type: fc.constant('take' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.constant({ type: 'break' as const }),
      fc.constant({ type: 'attach' as const }),
      fc.record({ type: fc.constant('drop' as const), owner: fc.constantFrom('a', 'b') }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let attached = true;
        let written = 0;
        let taken = 0;
        const order: number[] = [];
        const typed = { a: 0, b: 0 };
        const settled = { a: 0, b: 0 };
        let number = 0;
        const line = new InputLine<'a' | 'b'>({
          write(frame) {
            if (!attached) return false;
            written += frame.length - 1;
            order.push(frame.readUInt32BE(1));
            return true;
          },
          credit: (owner, bytes) => (settled[owner] += bytes),
        });
        for (const one of steps) {
          if (one.type === 'type') {
            const frame = Buffer.alloc(one.bytes + 5);
            frame.writeUInt32BE((number += 1), 1);
            typed[one.owner as 'a' | 'b'] += one.bytes + 4;
            line.push(one.owner as 'a' | 'b', frame);
          } else if (one.type === 'take' && attached) line.taken((taken += Math.floor((written - taken) * one.share)));
          else if (one.type === 'break' && attached) {
            attached = false;
            written = taken = 0;
            line.broke();
          } else if (one.type === 'attach' && !attached) {
            attached = true;
            line.pump();
          } else if (one.type === 'drop') line.drop(one.owner as 'a' | 'b');
          expect(written - taken).toBeLessThanOrEqual(262_144);
          expect(order).toEqual([...order].sort((first, second) => first - second));
          for (const owner of ['a', 'b'] as const) expect(settled[owner]).toBeLessThanOrEqual(typed[owner]);
        }
      }),
    );
  });
});
