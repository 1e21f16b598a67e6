import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { printableName, printablePath, sizeWords } from './printable.ts';
import { encodeRouterName, encodeRouterPath } from './router-path.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');

test.each([
  [Buffer.from('network'), 'network'],
  [Buffer.from('grüße 🙂.txt'), 'grüße 🙂.txt'],
  [Buffer.from('a\nb\tc\\d'), String.raw`a\nb\tc\\d`],
  [Buffer.from('red\u001b[31m'), String.raw`red\x1b[31m`],
  [Buffer.from('photo\u202egpj.exe'), String.raw`photo\u{202e}gpj.exe`],
  [Buffer.from('no\u00a0break'), String.raw`no\u{a0}break`],
  [bytes('caf\xe9'), String.raw`caf\xe9`],
  [bytes('\xf0\x9f'), String.raw`\xf0\x9f`],
  [bytes('\xed\xa0\x80'), String.raw`\xed\xa0\x80`],
])('%j', (name, shown) => expect(printableName(encodeRouterName(name))).toBe(shown));

const anyName = fc.uint8Array({ minLength: 1, maxLength: 60 }).map((name) => name.map((byte) => byte || 1));

test('every name is one line that can be seen, and no two names look the same', () => {
  fc.assert(
    fc.property(anyName, anyName, (one, other) => {
      const shown = printableName(encodeRouterName(one));
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      if (Buffer.compare(one, other) !== 0) expect(printableName(encodeRouterName(other))).not.toBe(shown);
    }),
  );
});

test('a path is escaped as its names are', () => {
  expect(printablePath(encodeRouterPath(bytes('/tmp/\xff\n')))).toBe(String.raw`/tmp/\xff\n`);
});

test.each([
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_024, '1.0 KiB'],
  [15_000, '15 KiB'],
  [300 * 1_048_576, '300 MiB'],
  [4.5 * 2 ** 30, '4.5 GiB'],
])('%d bytes are %s', (bytes, words) => expect(sizeWords(bytes)).toBe(words));
