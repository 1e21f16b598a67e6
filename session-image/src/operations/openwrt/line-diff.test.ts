import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { lineDiff } from './line-diff.ts';

test('shows what changed with three lines around it', () => {
  const before = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  const after = before.with(9, 'other').toSpliced(15, 1);
  expect(lineDiff(before.join('\n'), after.join('\n'))).toEqual({
    added: 1,
    removed: 2,
    text: `@@ -7,13 +7,12 @@
 line 6
 line 7
 line 8
-line 9
+other
 line 10
 line 11
 line 12
 line 13
 line 14
-line 15
 line 16
 line 17
 line 18`,
  });
  expect(lineDiff('a', 'a').text).toBeNull();
});

/** Puts a difference with enough context to be whole onto its former text. */
function applied(diff: string): string[] {
  return diff
    .split('\n')
    .filter((line) => !line.startsWith('@@') && !line.startsWith('-'))
    .map((line) => line.slice(1));
}

test('a difference turns the one into the other', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const { text: diff, added, removed } = lineDiff(before.join('\n'), after.join('\n'));
      expect(added - removed).toBe(after.length - before.length);
      expect(diff === null).toBe(before.join('\n') === after.join('\n'));
      // Short texts are all context, so that the hunk is the whole.
      if (diff !== null && before[0] !== after[0]) expect(applied(diff).join('\n')).toBe(after.join('\n'));
    }),
  );
});

test('texts too long for a table are replaced whole', () => {
  const lines = (mark: string) => Array.from({ length: 3_000 }, (_, index) => `${mark}${index}`).join('\n');
  expect(lineDiff(lines('a'), lines('b'))).toMatchObject({ added: 3_000, removed: 3_000 });
});
