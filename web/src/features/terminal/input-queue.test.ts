import { describe, expect, it } from '@jest/globals';
import { INPUT_WINDOW } from '@netpilot/control-plane/contract/terminal-frames.ts';
import * as fc from 'fast-check';
import { runs } from '@netpilot/control-plane/test/properties.ts';
import { INPUT_FRAME, INPUT_LIMIT, InputQueue } from './input-queue.ts';

const drain = (queue: InputQueue): Uint8Array[] => {
  const frames: Uint8Array[] = [];
  for (let frame = queue.next(); frame; frame = queue.next()) frames.push(frame);
  return frames;
};
const length = (frames: Uint8Array[]) => frames.reduce((sum, frame) => sum + frame.length, 0);

describe('the queue of input', () => {
  it('never has more than the window on the way', () => {
    const queue = new InputQueue();
    queue.add(new Uint8Array(INPUT_WINDOW * 2));
    expect(length(drain(queue))).toBe(INPUT_WINDOW);
    expect(queue.next()).toBeNull();
    queue.take(1_000);
    expect(length(drain(queue))).toBe(1_000);
    expect(queue.inFlight).toBe(INPUT_WINDOW);
  });

  it('refuses what does not fit, as a whole', () => {
    const queue = new InputQueue();
    expect(queue.add(new Uint8Array(INPUT_LIMIT))).toBe(true);
    expect(queue.add(Uint8Array.of(1))).toBe(false);
    expect(queue.pending).toBe(INPUT_LIMIT);
    expect(queue.clear()).toBe(INPUT_LIMIT);
    expect(queue.add(Uint8Array.of(1))).toBe(true);
  });

  it('does not believe that more was taken than sent', () => {
    const queue = new InputQueue();
    queue.add(new Uint8Array(10));
    drain(queue);
    queue.take(1_000_000);
    expect(queue.inFlight).toBe(0);
    queue.add(new Uint8Array(INPUT_WINDOW * 2));
    expect(length(drain(queue))).toBe(INPUT_WINDOW);
  });

  it('gives up everything behind bytes whose fate is unknown, and keeps typing that was not sent', () => {
    const queue = new InputQueue();
    queue.add(new Uint8Array(INPUT_WINDOW + 5));
    drain(queue);
    expect(queue.breakOff()).toBe(INPUT_WINDOW + 5);
    expect(queue.pending).toBe(0);
    queue.add(Uint8Array.of(1, 2));
    expect(queue.breakOff()).toBe(0);
    expect(queue.pending).toBe(2);
  });

  it('keeps bytes in order in frames of at most 16 KiB, whatever the chunks and the answers', () => {
    const step = fc.oneof(
      fc.record({ add: fc.uint8Array({ maxLength: 40_000 }) }),
      fc.record({ take: fc.integer({ min: 0, max: 50_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const queue = new InputQueue();
        const given: number[] = [];
        const got: number[] = [];
        let taken = 0;
        for (const each of steps) {
          if ('add' in each) {
            queue.add(each.add);
            for (const byte of each.add) given.push(byte);
          } else {
            taken += each.take;
            queue.take(taken);
          }
          for (const frame of drain(queue)) {
            expect(frame.length).toBeLessThanOrEqual(INPUT_FRAME);
            for (const byte of frame) got.push(byte);
          }
          expect(queue.inFlight).toBeLessThanOrEqual(INPUT_WINDOW);
        }
        expect(got).toEqual(given.slice(0, got.length));
        expect(queue.pending - queue.inFlight).toBe(given.length - got.length);
      }),
      { numRuns: runs(60) },
    );
  });
});
