import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { FrameError, MAX_FRAME, withLength } from '../../../contract/terminal-frames.ts';
import { FrameSplitter } from './frame-splitter.ts';

describe('FrameSplitter', () => {
  test('gives the same frames however the bytes are cut', () => {
    const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 20 });
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 500 })), (sent, sizes) => {
        const bytes = Buffer.concat(sent.map(withLength));
        const splitter = new FrameSplitter();
        const read: Buffer[] = [];
        for (let at = 0, index = 0; at < bytes.length; index += 1) {
          const size = sizes[index] ?? 3;
          splitter.push(bytes.subarray(at, at + size), (frame) => read.push(Buffer.from(frame)));
          at += size;
        }
        expect(read).toEqual(sent.map((frame) => Buffer.from(frame)));
      }),
    );
  });

  test('refuses an empty frame and one over the bound, also when the length came in pieces', () => {
    const none = () => {};
    expect(() => new FrameSplitter().push(Buffer.from([0, 0, 0, 0]), none)).toThrow(FrameError);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(MAX_FRAME + 1);
    expect(() => new FrameSplitter().push(length, none)).toThrow(FrameError);
    const splitter = new FrameSplitter();
    splitter.push(length.subarray(0, 2), none);
    expect(() => splitter.push(length.subarray(2), none)).toThrow(FrameError);
  });
});
