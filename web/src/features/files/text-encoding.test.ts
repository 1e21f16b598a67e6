import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeText, encodeText } from './text-encoding.ts';

test.each([
  ['plain', Buffer.from('config interface\n'), 'utf-8'],
  ['umlauts', Buffer.from('grüße'), 'utf-8'],
  ['latin', Buffer.from('gr\xfc\xdfe', 'latin1'), 'windows-1252'],
  ['bom', Buffer.from('\ufeffhello'), 'utf-8-bom'],
  ['utf-16', Buffer.from('\ufeffhello', 'utf16le'), 'utf-16le'],
  ['empty', Buffer.from(''), 'utf-8'],
] as const)('%s is found to be what it is', (_, bytes, encoding) => expect(decodeText(bytes)?.encoding).toBe(encoding));

test.each([
  ['a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1])],
  ['many controls', Buffer.from('\x01\x02\x03abc')],
])('%s is no text', (_, bytes) => expect(decodeText(bytes)).toBeNull());

test('line ends are those of the file', () => {
  expect(decodeText(Buffer.from('a\r\nb\r\n'))?.lineSeparator).toBe('\r\n');
  expect(decodeText(Buffer.from('a\r\nb\n'))?.lineSeparator).toBe('\n');
  expect(decodeText(Buffer.from('a\n'))?.lineSeparator).toBe('\n');
});

test('what is taken for text comes out as the very bytes that went in', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const decoded = decodeText(bytes);
      if (decoded !== null) expect(encodeText(decoded.text, decoded.encoding)).toEqual(bytes);
    }),
  );
});

test('a character that the encoding does not have is refused', () =>
  expect(encodeText('€☃', 'windows-1252')).toBeNull());
