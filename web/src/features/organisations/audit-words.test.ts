import { describe, expect, it } from '@jest/globals';
import { AUDIT_ACTIONS } from '@netpilot/control-plane/contract/audit.ts';
import { AUDIT_WORDS, detailsLine } from './audit-words.ts';

describe('the audit list', () => {
  it('has words for every action', () => {
    for (const action of AUDIT_ACTIONS) expect(AUDIT_WORDS[action]).toMatch(/^[a-z].+/u);
  });

  it('shows details on one line without what could deceive', () => {
    expect(
      detailsLine({ details: { name: 'ap\u001b[2J\u202e', port: 2201, legacy: false, old: null, note: '' } }),
    ).toBe('name: ap [2J  · port: 2201 · legacy: false');
  });
});
