import type { FileEntry } from '@netpilot/control-plane/contract/files.ts';
import { isFolder } from './file-words.ts';

export type Column = 'name' | 'size' | 'modified' | 'owner';

/** What of a folder is shown, and in what order. */
export interface FileOrder {
  readonly column: Column;
  readonly descending: boolean;
  /** Part of a name, in any case. */
  readonly filter: string;
  /** Whether names that begin with a dot are shown. */
  readonly hidden: boolean;
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** @returns the entries in order, folders first whatever the order. */
export function sortEntries(
  entries: readonly FileEntry[],
  { column, descending }: Pick<FileOrder, 'column' | 'descending'>,
): FileEntry[] {
  const sign = descending ? -1 : 1;
  const compare = COMPARE[column];
  return entries.toSorted(
    (one, other) => Number(isFolder(other)) - Number(isFolder(one)) || sign * compare(one, other) || byName(one, other),
  );
}

/** @returns the entries to show, in the order they have. */
export function filterEntries(
  entries: readonly FileEntry[],
  { filter, hidden }: Pick<FileOrder, 'filter' | 'hidden'>,
): FileEntry[] {
  const wanted = filter.toLowerCase();
  return entries.filter(
    ({ name }) => (hidden || !name.text.startsWith('.')) && (wanted === '' || name.text.toLowerCase().includes(wanted)),
  );
}

function byName(one: FileEntry, other: FileEntry): number {
  return collator.compare(one.name.text, other.name.text) || (keyOf(one) < keyOf(other) ? -1 : 1);
}

const COMPARE: Readonly<Record<Column, (one: FileEntry, other: FileEntry) => number>> = {
  name: byName,
  size: (one, other) => one.size - other.size,
  modified: (one, other) => Date.parse(one.modifiedAt ?? '') - Date.parse(other.modifiedAt ?? '') || 0,
  owner: (one, other) => collator.compare(one.owner ?? String(one.uid), other.owner ?? String(other.uid)),
};

/** @returns what tells an entry from all others of its folder; names whose bytes differ may look the same. */
export function keyOf({ name }: Pick<FileEntry, 'name'>): string {
  return name.raw === null ? `t${name.text}` : `b${name.raw}`;
}
