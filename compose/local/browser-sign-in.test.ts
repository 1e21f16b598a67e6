import { describe, expect, test } from '@jest/globals';
import { CookieJar } from './browser-sign-in.ts';

const one = new URL('http://localhost:8080/');
const other = new URL('http://127.0.0.1:8089/');

describe('the cookies of a person', () => {
  test('go back only to who set them', () => {
    const jar = new CookieJar();
    jar.store(one, ['a=1; Path=/; HttpOnly', 'b=x=y']);
    jar.store(other, ['c=3']);
    expect(jar.header(one)).toBe('a=1; b=x=y');
    expect(jar.header(other)).toBe('c=3');
    expect(jar.header(new URL('http://example.test/'))).toBeNull();
  });

  test('are replaced and removed', () => {
    const jar = new CookieJar();
    jar.store(one, ['a=1', 'b=2', 'c=3']);
    jar.store(one, ['a=9', 'b=; Max-Age=0', 'c=gone; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'nonsense']);
    expect(jar.header(one)).toBe('a=9');
  });
});
