import { expect, test } from '@jest/globals';
import { hexRow } from './hex-rows.ts';

test('a row tells its place, its bytes and what of them is text', () => {
  expect(hexRow(Buffer.from('\x7fELF<script>\0\xff\n', 'latin1'), 0x1f0)).toEqual({
    offset: '000001f0',
    hex: '7f 45 4c 46 3c 73 63 72  69 70 74 3e 00 ff 0a',
    text: '·ELF<script>···',
  });
  expect(hexRow(Uint8Array.of(), 0)).toEqual({ offset: '00000000', hex: '', text: '' });
});
