import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { runs } from '@netpilot/control-plane/test/properties.ts';
import { OutputRing } from './output-ring.ts';

/** The byte that belongs at an offset: any mix-up of positions shows. */
const byteAt = (offset: number) => (offset * 31 + (offset >> 8)) & 0xff;

function bytesFrom(offset: number, length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => byteAt(offset + index)));
}

function read(ring: OutputRing, offset: number, length: number): Buffer {
  const target = Buffer.alloc(length + 4);
  ring.copy(offset, length, target, 4);
  return target.subarray(4);
}

describe('the ring of output', () => {
  test('holds every byte at its offset, drops none that is unacknowledged, and stays within its limit', () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('append' as const), size: fc.nat(40_000) }),
      fc.record({ type: fc.constant('ack' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.record({ type: fc.constant('back' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.array(step, { maxLength: 40 }), (limit, steps) => {
        const ring = new OutputRing(limit);
        let floor = 0;
        for (const one of steps) {
          if (one.type === 'append') {
            const size = Math.min(one.size, ring.free);
            ring.append(bytesFrom(ring.end, size));
          } else {
            const low = one.type === 'ack' ? floor : ring.start;
            floor = low + Math.floor((ring.end - low) * one.part);
            ring.setFloor(floor);
          }
          expect(ring.start).toBeLessThanOrEqual(floor);
          expect(ring.end - ring.start).toBeLessThanOrEqual(limit);
          expect(ring.free).toBe(limit - (ring.end - floor));
          const length = ring.end - ring.start;
          expect(read(ring, ring.start, length).equals(bytesFrom(ring.start, length))).toBe(true);
        }
      }),
      { numRuns: runs(200) },
    );
  });

  test('refuses more than it has room for', () => {
    const ring = new OutputRing(10);
    ring.append(bytesFrom(0, 8));
    expect(() => ring.append(bytesFrom(8, 3))).toThrow(RangeError);
    ring.setFloor(1);
    ring.append(bytesFrom(8, 3));
    expect([ring.start, ring.end, ring.free]).toEqual([1, 11, 0]);
  });

  test('refuses offsets that are not kept', () => {
    const ring = new OutputRing(10);
    ring.append(bytesFrom(0, 10));
    ring.setFloor(10);
    ring.append(bytesFrom(10, 5));
    expect(() => ring.copy(4, 1, Buffer.alloc(1), 0)).toThrow(RangeError);
    expect(() => ring.copy(15, 1, Buffer.alloc(1), 0)).toThrow(RangeError);
    expect(() => ring.setFloor(4)).toThrow(RangeError);
    expect(() => ring.setFloor(16)).toThrow(RangeError);
  });
});
