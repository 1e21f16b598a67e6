import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { runs } from '../../../test/properties.ts';
import { EchoedInput } from './echoed-input.ts';

/** A terminal with its echo on or off, and what reached the recording. */
class Tty {
  readonly input = new EchoedInput();
  readonly kept: string[] = [];
  shown = '';

  type(text: string, echo: boolean): void {
    this.input.type(Buffer.from(text));
    if (echo) this.print(text.replaceAll('\r', '\r\n'));
  }

  print(text: string): void {
    this.shown += text;
    for (const line of this.input.show(Buffer.from(text))) this.kept.push(line.toString('utf8'));
  }
}

const word = fc.string({ unit: fc.constantFrom(...'abcdeé /$1'), minLength: 1, maxLength: 8 });
const byKey = (tty: Tty, text: string, echo: boolean) => {
  for (const key of text) tty.type(key, echo);
};

describe('echoed input', () => {
  test('a line that is echoed is kept, in one piece or key by key', () => {
    fc.assert(
      fc.property(word, fc.boolean(), (line, atOnce) => {
        const tty = new Tty();
        tty.print('# ');
        if (atOnce) tty.type(`${line}\r`, true);
        else byKey(tty, `${line}\r`, true);
        expect(tty.kept).toEqual([`${line}\r`]);
      }),
    );
  });

  test('what is typed while the echo is off is never kept, whatever is put out in between', () => {
    const turn = fc.oneof(
      fc.record({ kind: fc.constant('line' as const), text: word, echo: fc.boolean() }),
      fc.record({ kind: fc.constant('print' as const), text: fc.oneof(word, fc.constant('\r\n')) }),
    );
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 20 }), fc.boolean(), (turns, newline) => {
        const tty = new Tty();
        for (const step of turns) {
          if (step.kind === 'print') {
            tty.print(step.text);
            continue;
          }
          const before = tty.kept.length;
          const shownBefore = tty.shown.length;
          // Upper case stands for a secret: no program here prints any.
          const text = step.echo ? step.text : `S${step.text.toUpperCase()}`;
          byKey(tty, `${text}\r`, step.echo);
          if (!step.echo && newline) tty.print('\r\n');
          for (const line of tty.kept.slice(before)) {
            expect(line).not.toContain('S');
            expect(step.echo).toBe(true);
            expect(tty.shown.slice(shownBefore)).toContain(line.replace('\r', '\r\n'));
          }
        }
        expect(tty.kept.join('')).not.toContain('S');
      }),
      { numRuns: runs(2_000) },
    );
  });

  test('a password with the beginning of what is put out next is not kept', () => {
    const tty = new Tty();
    tty.print('Password: ');
    byKey(tty, 'secret\r', false);
    tty.print('sec');
    tty.print('\r\nWelcome\r\n# ');
    byKey(tty, 'ls\r', true);
    expect(tty.kept).toEqual(['ls\r']);
  });

  test('stars in place of a password are not its echo', () => {
    const tty = new Tty();
    for (const key of 'hunter2') {
      tty.type(key, false);
      tty.print('*');
    }
    tty.type('\r', true);
    expect(tty.kept).toEqual([]);
  });

  test('a line that is edited keeps its keys', () => {
    const tty = new Tty();
    byKey(tty, 'lx', true);
    tty.type('\x7f', false);
    tty.print('\b \b');
    byKey(tty, 's ', true);
    tty.type('\x1b[D', false);
    tty.print('\x1b[1D');
    tty.type('\r', true);
    expect(tty.kept).toEqual(['lx\x7fs \x1b[D\r']);
  });

  test('text that is pasted as a key sequence is no key', () => {
    const tty = new Tty();
    tty.type('\x1b[200~secret\r\x1b[201~', false);
    tty.type('\x1bsecret', false);
    tty.type('\r', true);
    byKey(tty, 'ls\r', true);
    expect(tty.kept).toEqual(['ls\r']);
  });

  test('a line that is interrupted is not kept, the next one is', () => {
    const tty = new Tty();
    byKey(tty, 'rm -r', true);
    tty.type('\x03', false);
    tty.print('^C\r\n# ');
    byKey(tty, 'ls\r', true);
    expect(tty.kept).toEqual(['ls\r']);
  });

  test('typing without an end and without an echo is held within a bound and forgotten', () => {
    const tty = new Tty();
    for (let at = 0; at < 5_000; at += 1) tty.type('x', false);
    tty.type('\r', false);
    tty.print('x'.repeat(5_000));
    byKey(tty, 'ls\r', true);
    expect(tty.kept).toEqual(['ls\r']);
  });
});
