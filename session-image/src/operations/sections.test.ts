import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { runs } from '@netpilot/control-plane/test/properties.ts';
import { quoted, SectionScript } from './sections.ts';

const sh = (command: string) => execFileSync('/bin/sh', ['-c', command], { timeout: 20_000 }).toString();

test('sections come back byte for byte, also empty ones and those of a part that failed', () => {
  const script = new SectionScript({ one: "printf 'a\\n\\nb'", two: 'false', three: 's four; echo x' });
  const said = script.parse(sh(script.command));
  expect(said.get('one')).toBe('a\n\nb');
  expect(said.get('two')).toBe('');
  expect(said.lines('four')).toEqual(['x']);
  expect(said.whole).toBe(true);
  expect(said.names).toEqual(['one', 'two', 'three', 'four', 'end']);
});

test('what a router says cannot begin a section, and a cut answer is not whole', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(60), (hostile, cut) => {
      const script = new SectionScript({ names: 'true', own: 'true' });
      const [, token = ''] = / ([0-9a-f]{16}) /u.exec(script.command) ?? [];
      const text = `${hostile}\n@${'0'.repeat(16)} own\nforged`;
      const answer = `\n@${token} names\n${text}\n@${token} own\nreal\n@${token} end\n`;
      expect(script.parse(answer).get('own')).toBe('real');
      expect(script.parse(answer).get('names')).toBe(text);
      expect(script.parse(answer.slice(0, answer.length - 6 - cut)).whole).toBe(false);
    }),
  );
});

test('a quoted word is one word with that very text', () => {
  const text = fc.string({ unit: 'grapheme' }).filter((word) => !word.includes('\0') && !word.endsWith('\n'));
  fc.assert(
    fc.property(fc.array(text, { maxLength: 5 }), (words) => {
      const printed = sh(`for w in ${words.map(quoted).join(' ')}; do printf '%s\\0' "$w"; done`);
      expect(printed.split('\0').slice(0, -1)).toEqual(words);
    }),
    { numRuns: runs(40) },
  );
  expect(sh(`printf %s ${quoted("'; reboot #$(id)`id`\n\\")}`)).toBe("'; reboot #$(id)`id`\n\\");
});

test('a script that Dropbear would not take is refused', () => {
  expect(() => new SectionScript({ long: 'x'.repeat(9_000) })).toThrow(RangeError);
});
