import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { escapeHtml, loginPage } from './login-page.ts';

describe('the page of the demo identity provider', () => {
  test('says DEMO and has one named button for each person', () => {
    const people = [
      { subject: 'a', name: 'Alice Archer', email: 'alice@demo.test', note: 'Northern Cafe' },
      { subject: 'b', name: 'Bob', email: 'bob@demo.test' },
    ];
    const page = loginPage(people);
    expect(page).toContain('>DEMO<');
    expect(page.match(/<button /gu)).toHaveLength(2);
    expect(page).toContain('aria-label="Continue as Alice"');
    expect(page).toContain('Northern Cafe, alice@demo.test');
    expect(page).toContain('aria-label="Continue as Bob"');
  });

  test('lets no name become markup', () => {
    fc.assert(fc.property(fc.string(), (text) => !/[<>"']/u.test(escapeHtml(text))));
    expect(loginPage([{ subject: 'x', name: '<script>', email: '"@x' }])).not.toContain('<script>');
  });
});
