import { describe, expect, it } from '@jest/globals';
import headless from '@xterm/headless';
import * as fc from 'fast-check';
import { runs } from '@netpilot/control-plane/test/properties.ts';
import { LONGEST_TITLE, cleanTitle, guardOutput, safeLink } from './guards.ts';

describe('links in output', () => {
  it.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'ssh://host', 'vscode://x', '//host', 'x'])(
    'leaves %s alone',
    (address) => {
      expect(safeLink(address)).toBeNull();
    },
  );

  it('opens web addresses', () => {
    expect(safeLink('https://openwrt.org/docs')).toBe('https://openwrt.org/docs');
    expect(safeLink('HTTP://router.lan')).toBe('http://router.lan/');
  });
});

describe('a title set by the router', () => {
  it('loses controls and direction overrides', () => {
    expect(cleanTitle(' root@ap\u202e\u0007\n \u200bgnp.exe ')).toBe('root@ap gnp.exe');
  });

  it('is bounded whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (title) => {
        const clean = cleanTitle(title);
        expect([...clean].length).toBeLessThanOrEqual(LONGEST_TITLE);
        expect(clean).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

/** Writes what a router sent to a guarded terminal. @returns what was answered, and what reached the handlers behind the guard. */
async function answered(output: string | Uint8Array, live: boolean) {
  const terminal = new headless.Terminal({ cols: 20, rows: 5, allowProposedApi: true, logLevel: 'off' });
  const answers: string[] = [];
  const passed: string[] = [];
  terminal.onData((data) => answers.push(data));
  for (const id of [4, 9, 10, 11, 12, 52, 777, 1337]) {
    terminal.parser.registerOscHandler(id, (data) => {
      passed.push(`${id};${data}`);
      return true;
    });
  }
  guardOutput(terminal as never, () => live);
  await new Promise<void>((resolve) => terminal.write(output, resolve));
  await new Promise<void>((resolve) => terminal.write('\u0018\u001b\\\r\nend', resolve));
  const { active } = terminal.buffer;
  const line = active.getLine(active.baseY + active.cursorY)?.translateToString(true);
  terminal.dispose();
  return { answers: answers.join(''), passed, line };
}

describe('output that wants to type', () => {
  it.each([
    ['title reports', '\u001b]2;rm -rf /\u0007\u001b[21t\u001b[20t\u001b[18t\u001b[14t\u001b[22;0t\u001b[23;0t'],
    ['settings (DECRQSS, XTGETTCAP)', '\u001bP$qm\u001b\\\u001bP$q"p\u001b\\\u001bP+q544e\u001b\\\u0090$qr\u009c'],
    ['modes (DECRQM)', '\u001b[?1$p\u001b[4$p\u001b[?2026$p'],
    ['versions', '\u001b[>c\u001b[=c\u001b[>q\u001b[>0q'],
    ['keyboard and private status', '\u001b[?u\u001b[?6n\u001b[?15n\u001b[?25n\u001b[?996n'],
    ['other status', '\u001b[n\u001b[0n\u001b[7n\u001b[99999999999n'],
    ['colours', '\u001b]4;1;?\u0007\u001b]10;?\u0007\u001b]11;?\u001b\\\u001b]12;#fff;?\u0007'],
    ['the clipboard', '\u001b]52;c;cm0gLXJm\u0007\u001b]52;c;?\u0007\u001b]52;;?\u001b\\\u009d52;p;eA==\u009c'],
    ['notifications', '\u001b]9;x\u0007\u001b]777;notify;a;b\u0007\u001b]1337;File=x:eA==\u0007'],
  ])('by asking for %s gets no answer', async (_what, output) => {
    expect(await answered(output, true)).toEqual({ answers: '', passed: [], line: 'end' });
  });

  it('gets the two answers that programs need, and none from history', async () => {
    const output = 'ab\u001b[c\u001b[5n\u001b[6n';
    expect((await answered(output, true)).answers).toMatch(/^[^a-zA-Z]+c[^a-zA-Z]+n[^a-zA-Z]+1;3R$/u);
    expect((await answered(output, false)).answers).toBe('');
  });

  it('never chooses a letter of an answer, whatever it is', async () => {
    const word = fc.string({ unit: fc.constantFrom(...'0123456789;:?>=!$+ "\'*pqucntxzR|~m'), maxLength: 12 });
    const sequence = fc.oneof(
      fc.tuple(fc.constantFrom('\u001b[', '\u009b'), word).map((parts) => parts.join('')),
      fc
        .tuple(
          fc.constantFrom('\u001bP', '\u0090', '\u001b]', '\u009d', '\u001b_', '\u001b^'),
          word,
          fc.constantFrom('\u0007', '\u001b\\', ''),
        )
        .map((parts) => parts.join('')),
      fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(sequence, { maxLength: 20 }), async (sequences) => {
        const { answers } = await answered(sequences.join(''), true);
        // DA1, DSR 5, and DSR 6 with numbers of its own.
        const [before, ...each] = answers.split('\u001b[');
        expect([before, each.filter((answer) => !/^(?:\?1;2c|0n|\d{1,2};\d{1,2}R)$/u.test(answer))]).toEqual(['', []]);
      }),
      { numRuns: runs(500) },
    );
  });
});
