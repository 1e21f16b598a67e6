import { expect, test } from '@jest/globals';
import type { FileEntry } from '@netpilot/control-plane/contract/files.ts';
import { encodeRouterName } from '@netpilot/control-plane/contract/router-path.ts';
import { type FileOrder, filterEntries, keyOf, sortEntries } from './file-order.ts';

const entry = (name: string, more: Partial<FileEntry> = {}): FileEntry => ({
  name: encodeRouterName(Buffer.from(name, 'latin1')),
  type: 'file',
  size: 0,
  mode: 0o644,
  uid: 0,
  gid: 0,
  owner: 'root',
  group: 'root',
  modifiedAt: null,
  target: null,
  ...more,
});
const ORDER: FileOrder = { column: 'name', descending: false, filter: '', hidden: false };
const orderEntries = (entries: readonly FileEntry[], order: FileOrder) =>
  filterEntries(sortEntries(entries, order), order);
const names = (entries: readonly FileEntry[]) => entries.map(({ name }) => name.text);

test('folders first, names as people count, hidden ones not', () => {
  const all = [entry('log10'), entry('log9'), entry('.profile'), entry('etc', { type: 'folder' })];
  expect(names(orderEntries(all, ORDER))).toEqual(['etc', 'log9', 'log10']);
  expect(names(orderEntries(all, { ...ORDER, hidden: true }))).toEqual(['etc', '.profile', 'log9', 'log10']);
  expect(names(orderEntries(all, { ...ORDER, descending: true }))).toEqual(['etc', 'log10', 'log9']);
  expect(names(orderEntries(all, { ...ORDER, filter: 'LOG1' }))).toEqual(['log10']);
});

test('by size and by time, with names to decide', () => {
  const all = [
    entry('b', { size: 2 }),
    entry('a', { size: 2 }),
    entry('c', { size: 1, modifiedAt: '2026-01-01T00:00:00Z' }),
  ];
  expect(names(orderEntries(all, { ...ORDER, column: 'size' }))).toEqual(['c', 'a', 'b']);
  expect(names(orderEntries(all, { ...ORDER, column: 'modified' }))).toEqual(['a', 'b', 'c']);
});

test('names that look the same keep their own keys', () => {
  expect(keyOf(entry('\xff'))).not.toBe(keyOf(entry('\xfe')));
  expect(orderEntries([entry('\xff'), entry('\xfe')], ORDER)).toHaveLength(2);
});

test('a hundred thousand entries are put in order', () => {
  const many = Array.from({ length: 100_000 }, (_, at) => entry(`file-${(at * 7_919) % 100_000}`));
  const ordered = orderEntries(many, ORDER);
  expect([ordered[0]?.name.text, ordered.at(-1)?.name.text]).toEqual(['file-0', 'file-99999']);
});
