import { expect, test } from '@jest/globals';
import { isFile, isFolder, kindWords, modeWords, ownerWords, secondsWords } from './file-words.ts';

test.each([
  [0, '1 s'],
  [89, '89 s'],
  [120, '2 min'],
  [4_800, '80 min'],
  [9_000, '2 h 30 min'],
])('%d seconds are %s', (seconds, words) => expect(secondsWords(seconds)).toBe(words));

test.each([
  ['file', 0o644, '-rw-r--r--'],
  ['folder', 0o1777, 'drwxrwxrwt'],
  ['file', 0o4755, '-rwsr-xr-x'],
  ['file', 0o6644, '-rwSr-Sr--'],
  ['character', 0o1600, 'crw------T'],
] as const)('a %s of mode %d', (type, mode, words) => expect(modeWords({ type, mode })).toBe(words));

test('owner and group by name, else by number', () => {
  expect(ownerWords({ owner: 'root', group: null, uid: 0, gid: 100 })).toBe('root:100');
  expect(ownerWords({ owner: null, group: null, uid: null, gid: null })).toBe('?:?');
});

test('a link is what it leads to', () => {
  const name = { text: 'x', raw: null };
  const link = (leadsTo: 'file' | 'folder' | 'special' | 'nothing') =>
    ({ type: 'link', target: { name, leadsTo } }) as const;
  expect([isFolder(link('folder')), isFile(link('folder'))]).toEqual([true, false]);
  expect([isFolder(link('nothing')), isFile(link('nothing')), kindWords(link('nothing'))]).toEqual([
    false,
    false,
    'broken link',
  ]);
  expect(kindWords({ type: 'fifo', target: null })).toBe('pipe');
});
