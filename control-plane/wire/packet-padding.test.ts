import { randomFillSync } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import { pooled } from './packet-padding.ts';

describe('padding from a pool', () => {
  test('fills what it is asked for and nothing beside', () => {
    const fill = pooled((buffer) => buffer.fill(7));
    const packet = Buffer.alloc(12);
    expect(fill(packet, 4, 6)).toBe(packet);
    expect([...packet]).toEqual([0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 0, 0]);
  });

  test('asks once for many packets, and gives no byte twice', () => {
    let count = 0;
    const source = jest.fn((buffer: Uint8Array) => {
      const words = new Uint32Array(buffer.buffer, buffer.byteOffset, buffer.length / 4);
      for (let index = 0; index < words.length; index += 1) words[index] = count++;
      return buffer;
    });
    const fill = pooled(source);
    const seen = new Set<string>();
    for (let packet = 0; packet < 10_000; packet += 1)
      seen.add(Buffer.from(fill(Buffer.alloc(8), 0, 8)).toString('hex'));
    expect(seen.size).toBe(10_000);
    expect(source).toHaveBeenCalledTimes(5);
  });

  test('leaves keys and cookies to the system', () => {
    const source = jest.fn((buffer: Uint8Array, offset?: number, size?: number) =>
      randomFillSync(buffer, offset, size),
    );
    const fill = pooled(source);
    const key = Buffer.alloc(256);
    fill(key);
    expect(source).toHaveBeenCalledWith(key, 0, 256);
  });
});
