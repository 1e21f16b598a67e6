import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { LONG_PASTE, cleanPaste, needsConfirmation, typedPaste } from './paste.ts';

describe('a paste', () => {
  it('cannot end its own bracket', () => {
    expect(cleanPaste('echo a\u001b[201~; reboot')).toBe('echo a; reboot');
    expect(cleanPaste('\u009b201~reboot')).toBe('reboot');
    expect(cleanPaste('\u001b[20\u001b[201~1~x')).not.toContain('\u001b');
  });

  it('keeps tabs and lines, whatever the system it was copied on', () => {
    expect(cleanPaste('a\r\nb\rc\td\u2028e')).toBe('a\nb\nc\td\ne');
  });

  it('holds no control character but tab and newline after cleaning', () => {
    const hostile = fc.string({
      unit: fc.oneof(
        fc.constantFrom('\u001b', '[201~', '\u009b', '\r', '\n', '\t', '\u0003', '\u0000', '20'),
        fc.string(),
      ),
    });
    fc.assert(
      fc.property(hostile, (text) => {
        // oxlint-disable-next-line no-control-regex -- the property itself
        expect(cleanPaste(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/u);
      }),
    );
  });

  it('is shown first when it has several lines or is long', () => {
    expect(needsConfirmation('uci show')).toBe(false);
    expect(needsConfirmation('reboot\n')).toBe(true);
    expect(needsConfirmation('x'.repeat(LONG_PASTE))).toBe(false);
    expect(needsConfirmation('x'.repeat(LONG_PASTE + 1))).toBe(true);
  });

  it('is typed with carriage returns, in brackets when the program asked for them', () => {
    expect(typedPaste('a\nb', false)).toBe('a\rb');
    expect(typedPaste('a\nb', true)).toBe('\u001b[200~a\rb\u001b[201~');
  });
});
