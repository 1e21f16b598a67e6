import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ListingParser, parseLine } from './listing.ts';
import type { ParsedBatch } from './listing.ts';

/** What a name or target can be: any bytes but NUL, and `/` for a name. */
const name = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x3f : byte))));
const target = fc
  .uint8Array({ minLength: 1, maxLength: 60 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 ? 0x20 : byte))));

interface Thing {
  readonly name: Buffer;
  readonly target: Buffer | null;
  readonly size: number;
  readonly gone: boolean;
}
const thing: fc.Arbitrary<Thing> = fc.record({
  name,
  target: fc.option(target),
  size: fc.nat(1_000_000_000),
  gone: fc.boolean(),
});
const folder = fc.uniqueArray(thing, { selector: (each) => each.name.toString('latin1'), maxLength: 30 });

/** What BusyBox in the C locale prints of a name. */
const blur = (bytes: Buffer) =>
  Buffer.from(bytes.map((byte) => (byte < 0x20 || byte >= 0x7f ? 0x3f : byte))).toString('latin1');

/** What the script prints of a folder: names in any order, lines in the order of their bytes. */
function printed(things: readonly Thing[], sharp: boolean): Buffer {
  const names = things.map((each) => Buffer.concat([Buffer.from(each.target ? 'f' : '-'), each.name, Buffer.alloc(1)]));
  const lines = things
    .filter((each) => !each.gone)
    .toSorted((a, b) => Buffer.compare(a.name, b.name))
    .map((each) => {
      const show = sharp ? (bytes: Buffer) => bytes.toString('latin1').replaceAll('\n', '?') : blur;
      const mode = each.target ? 'lrwxrwxrwx' : '-rw-r--r--';
      const tail = each.target ? ` -> ${show(each.target)}` : '';
      return ` 42 ${mode}    1 0        0      ${each.size} 2026-01-02 03:04:05 +0000 ${show(each.name)}${tail}\n`;
    });
  return Buffer.concat([...names, Buffer.alloc(1), Buffer.from(lines.join(''), 'latin1'), Buffer.alloc(1)]);
}

function parse(bytes: Buffer, cuts: readonly number[]): ParsedBatch[] {
  const parser = new ListingParser();
  const batches: ParsedBatch[] = [];
  let from = 0;
  for (const cut of [...cuts.map((each) => each % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    batches.push(...parser.push(bytes.subarray(from, cut)));
    from = cut;
  }
  expect(parser.idle).toBe(true);
  return batches;
}

describe('a listing', () => {
  test('gives every name as it is, whatever `ls` makes of it and however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(folder, { maxLength: 3 }),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 5 }),
        (all, sharp, cuts) => {
          const batches = parse(Buffer.concat(all.map((things) => printed(things, sharp))), cuts);
          expect(batches).toHaveLength(all.length);
          for (const [index, things] of all.entries()) {
            const { entries, skipped } = batches[index] as ParsedBatch;
            const there = things.filter((each) => !each.gone);
            // Two names that look the same and of which one is gone are the one thing that `ls` cannot tell.
            const shapes = new Set(things.map((each) => blur(each.name)));
            if (shapes.size < things.length) return;
            expect(entries.map((entry) => entry.name.toString('hex')).sort()).toEqual(
              there.map((each) => each.name.toString('hex')).sort(),
            );
            expect(skipped).toBe(things.length - there.length);
            for (const entry of entries) {
              const meant = there.find((each) => each.name.equals(entry.name));
              expect(entry).toMatchObject({ size: meant?.size, type: meant?.target ? 'link' : 'file' });
            }
          }
        },
      ),
    );
  });

  test('never throws anything but a failure, and never makes up a name', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        for (const { entries } of new ListingParser().push(Buffer.from(bytes)))
          for (const entry of entries) expect(Buffer.from(bytes).includes(entry.name)).toBe(true);
      }),
    );
  });

  test('of one that does not end is given up', () => {
    const parser = new ListingParser();
    expect(() => {
      for (let count = 0; count < 20; count++) parser.push(Buffer.alloc(1_048_576, 'x'));
    }).toThrow('does not end');
  });

  test('leaves what is behind the first batch to its reader', () => {
    const parser = new ListingParser();
    const head = printed([{ name: Buffer.from('a'), target: null, size: 1, gone: false }], true);
    const [batch] = parser.push(Buffer.concat([head, Buffer.from('bytes\0of the file')]), true);
    expect(batch?.entries).toMatchObject([{ size: 1 }]);
    expect(parser.takeRest().toString()).toBe('bytes\0of the file');
  });
});

describe('a line of ls', () => {
  test('of GNU, of BusyBox, of a device, with every kind of mode', () => {
    const line = (mode: string, size = '7') =>
      `3727757 ${mode} 1 1000 100 ${size} 2026-11-21 15:02:03.459809876 +0130 ./x`;
    const modified = Date.UTC(2026, 10, 21, 13, 32, 3) / 1_000;
    expect(parseLine(line('-rwsr-S--T'))).toEqual({
      attributes: { type: 'file', size: 7, mode: 0o7740, uid: 1000, gid: 100, modified, inode: '3727757' },
      rest: './x',
    });
    expect(parseLine(line('-rwsr-S--T'))?.attributes.mode).toBe(0o7740);
    expect(parseLine(line('drwxrwxrwt'))?.attributes).toMatchObject({ type: 'folder', mode: 0o1777 });
    expect(parseLine(line('crw-rw-rw-', '1,   3'))?.attributes).toMatchObject({ type: 'character', size: 0 });
    expect(parseLine(line('-rw-r--r--+'))?.attributes.mode).toBe(0o644);
    expect(parseLine('total 12')).toBeNull();
    expect(parseLine('ls: cannot access x')).toBeNull();
  });
});
