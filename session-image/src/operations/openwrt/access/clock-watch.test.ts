import { expect, test } from '@jest/globals';
import { withClockWatch, withoutClockWatch } from './clock-watch.ts';

test('our line is there once, and the others stay as they are', () => {
  for (const lines of ['', '0 4 * * * reboot\n', '# no line feed']) {
    const watched = withClockWatch(lines);
    expect(withClockWatch(watched)).toBe(watched);
    expect(watched.match(/netpilot/gu)).toHaveLength(1);
    expect(withoutClockWatch(watched).trimEnd()).toBe(lines.trimEnd());
    expect(withoutClockWatch(lines)).toBe(lines);
  }
});
