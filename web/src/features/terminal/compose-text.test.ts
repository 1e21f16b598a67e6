import { describe, expect, test } from '@jest/globals';
import { commandLine, hasSmartPunctuation } from './compose-text.ts';

describe('a line typed on a phone', () => {
  test('loses what the keyboard of an iPhone put into it, and only there', () => {
    const typed = 'echo \u201cit\u2019s\u201d \u2014help \u2026\nreboot';
    expect(commandLine(typed, true)).toBe('echo "it\'s" --help ... reboot');
    expect(commandLine(typed, false)).toBe('echo \u201cit\u2019s\u201d \u2014help \u2026 reboot');
  });

  test.each([
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)', 5, true],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari', 5, true],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari', 0, false],
    ['Mozilla/5.0 (Linux; Android 15) Chrome/130', 5, false],
  ])('%s with %i touch points: %s', (userAgent, maxTouchPoints, smart) => {
    expect(hasSmartPunctuation({ userAgent, maxTouchPoints })).toBe(smart);
  });
});
