import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { localPath, paths, patterns, signInAddress } from './paths.ts';

describe('paths', () => {
  it('keeps the addresses people have bookmarked', () => {
    expect(paths.router('a')).toBe('/routers/a');
    expect(paths.session('a')).toBe('/sessions/a');
    expect(paths.files('a')).toBe('/sessions/a/files');
    expect(paths.network('a')).toBe('/routers/a/network');
    expect(paths.network('a', 'wifi')).toBe('/routers/a/network/wifi');
    expect(paths.organisation('a')).toBe('/organisations/a');
    expect(paths.audit('a')).toBe('/organisations/a/audit');
    expect(paths.routers()).toBe('/routers');
    expect(paths.account()).toBe('/account');
    expect(paths.oversight()).toBe('/oversight');
    expect(paths.users()).toBe('/users');
  });

  it('has a pattern for each address with an identifier', () => {
    const filled = (pattern: string) => pattern.replace(/:\w+/u, 'x');
    expect(filled(patterns.router)).toBe(paths.router('x'));
    expect(filled(patterns.session)).toBe(paths.session('x'));
    expect(filled(patterns.organisation)).toBe(paths.organisation('x'));
    expect(filled(patterns.audit)).toBe(paths.audit('x'));
  });

  it('never lets an identifier add a path segment or a query', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (id) => {
        const path = paths.router(id);
        expect(path.slice('/routers/'.length)).not.toMatch(/[/?#]/u);
      }),
    );
  });
});

describe('the way to the sign-in page', () => {
  it('carries the path to come back to', () => {
    expect(signInAddress('/sessions/1?screenReader')).toBe(
      '/api/v1/auth/sign-in?return_to=%2Fsessions%2F1%3FscreenReader',
    );
  });

  it.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/a\nb',
    '',
    '/\t/evil',
  ])('refuses to come back to %j', (path) => {
    expect(localPath(path)).toBe('/');
  });

  it('only ever comes back to this site', () => {
    fc.assert(
      fc.property(fc.string(), (path) => {
        const base = 'https://bastion.example';
        expect(new URL(localPath(path), base).origin).toBe(base);
      }),
    );
  });
});
