import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { FileFailure, failureOf } from '../file-failure.ts';
import { parseAccounts } from '../accounts.ts';
import { isSameVersion, lineOfVersion, versionOf } from '../version.ts';
import { parseDigest, parseSpace } from './answers.ts';
import { assign, commandLine, quote } from './quote.ts';

describe('what programs say', () => {
  test('a checksum, and nothing that only looks like one', () => {
    const digest = 'ab'.repeat(32);
    expect(parseDigest(`${digest}  -\n`)).toBe(digest);
    expect(parseDigest(`${digest} *-\n`)).toBe(digest);
    expect(parseDigest(`${digest} *stdin\n`)).toBe(digest);
    for (const text of ['', `\\${digest}  name\n`, `${digest}  name\n`, digest.slice(1), `${digest}\n${digest}\n`])
      expect(() => parseDigest(text)).toThrow(FileFailure);
    fc.assert(fc.property(fc.string(), (text) => expect(() => parseDigest(text)).toThrow(FileFailure)));
  });

  test('df, with spaces in its first and last column', () => {
    const head = 'Filesystem           1024-blocks    Used Available Capacity Mounted on\n';
    expect(parseSpace(`${head}overlay 1000 400 600 40% /\n`)).toEqual({ total: 1_024_000, available: 614_400 });
    expect(parseSpace(`${head}//host/a b c 10 4 6 40% /mnt/a b 1 2 3\n`)).toEqual({ total: 10_240, available: 6_144 });
    expect(parseSpace(`${head}tmpfs 0 0 0 - /dev/shm\n`)).toEqual({ total: 0, available: 0 });
    expect(parseSpace(`${head}/dev/x 10 20 -3 110% /\n`)).toEqual({ total: 10_240, available: 0 });
    expect(parseSpace('')).toEqual({ total: null, available: null });
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { total, available } = parseSpace(text);
        for (const bytes of [total, available]) expect(bytes === null || bytes >= 0).toBe(true);
      }),
    );
  });

  test('users and groups', () => {
    const text = 'root:x:0:0:root:/root:/bin/ash\ndup:x:0:0::/:\n+::::::\nweb data:x:5:5::/:\nnobody:*:65534:\n';
    expect([...parseAccounts(text)]).toEqual([
      [0, 'root'],
      [65_534, 'nobody'],
    ]);
    fc.assert(fc.property(fc.string(), (any) => expect(parseAccounts(any).size).toBeLessThanOrEqual(any.length)));
  });

  test.each([
    ["cat: can't open '/x': No such file or directory", 'vanished'],
    ['sh: 1: cannot create /x/y: Directory nonexistent', 'vanished'],
    ["mkdir: can't create directory '/rom/x': Read-only file system", 'read_only'],
    ["dd: error writing 'x': No space left on device", 'no_space'],
    ['ls: /a/b: Symbolic link loop', 'loop'],
    ['ls: x: Filename too long', 'name_too_long'],
    ['rm: x: Resource busy', 'busy'],
    ['0+1 records in\n0+1 records out\ndd: x: Permission denied', 'permission'],
    ["cat: can't open 'No space left on device': Permission denied", 'permission'],
    ['something else', 'failed'],
    ['', 'failed'],
  ])('%j is %s', (stderr, file) => expect(failureOf(stderr).file).toBe(file));

  test('words are told on without what does not print', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (words) => {
        const { detail } = failureOf(words).toProblem();
        expect(detail).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(detail.length).toBeLessThanOrEqual(500);
      }),
    );
  });
});

describe('quoting', () => {
  test('a word holds no quote but the ones that end and begin it', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const word = quote(text);
        expect(word.slice(1, -1).split("'\\''").join("'")).toBe(text);
        expect(word.slice(1, -1).replaceAll("'\\''", '')).not.toContain("'");
      }),
    );
  });

  test('bytes that are no text become octal digits only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 50 }), (bytes) => {
        const line = assign('P', Buffer.from([...bytes, 0xff]));
        expect(line).toMatch(/^P=\$\(printf '%bx' '(\\0[0-7]{3})+'\);P=\$\{P%x\}\n$/u);
      }),
    );
  });

  test('a line that a server would not take is refused', () => {
    expect(() => commandLine({ P: 'x'.repeat(9_000) }, 'ls')).toThrow(FileFailure);
    expect(commandLine({ P: "it's" }, 'ls "$P"')).toBe(`exec /bin/sh -c 'P='\\''it'\\''\\'\\'''\\''s'\\''\nls "$P"'`);
  });
});

describe('versions', () => {
  test('differ by what they know', () => {
    const version = versionOf({ size: 5, modified: 1_700_000_000, inode: '7' });
    expect(isSameVersion(version, version)).toBe(true);
    expect(isSameVersion(version, versionOf({ size: 5, modified: 1_700_000_000, inode: null }))).toBe(true);
    expect(isSameVersion(version, versionOf({ size: 5, modified: 1_700_000_000, inode: '8' }))).toBe(false);
    expect(isSameVersion(version, versionOf({ size: 6, modified: 1_700_000_000, inode: '7' }))).toBe(false);
    expect(isSameVersion('nonsense', 'nonsense')).toBe(false);
    expect(lineOfVersion(version)).toBe('7 5 2023-11-14 22:13:20');
    fc.assert(
      fc.property(fc.string(), (text) => expect(lineOfVersion(text)).toMatch(/^$|^[\d-]+ \d+ [\d-]+ [\d:]{8}$/u)),
    );
  });
});
