import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { LONGEST_TITLE, cleanTitle, safeLink } from './guards.ts';

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
