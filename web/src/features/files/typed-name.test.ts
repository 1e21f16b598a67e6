import { expect, test } from '@jest/globals';
import { typedName, typedPath } from './typed-name.ts';

test.each(['', '.', '..', 'a/b', 'a\nb', 'x'.repeat(256)])('no folder can hold the name %j', (text) =>
  expect(typedName(text)).toBeNull(),
);
test.each(['network', '-rf', '$(id)', 'grüße', '...', ' '])('%j is a name', (text) =>
  expect(typedName(text)).toEqual({ text, raw: null }),
);
test.each([
  ['/etc/config', '/etc/config'],
  ['//etc/./config/', '/etc/config'],
  ['/etc/../../tmp', '/tmp'],
  ['/', '/'],
  ['etc', null],
  ['', null],
  [`/${'x'.repeat(5_000)}`, null],
])('the path %j', (text, path) => expect(typedPath(text)).toBe(path));
