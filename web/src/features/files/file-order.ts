import type { FileEntry } from '@netpilot/control-plane/contract/files.ts';
import { isUploadName } from '@netpilot/control-plane/contract/files.ts';
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

/** @returns the entries to show, folders first whatever the order; what uploads are growing in is never shown. */
export function orderEntries(entries: readonly FileEntry[], order: FileOrder): FileEntry[] {
  const filter = order.filter.toLowerCase();
  const shown = entries.filter(
    ({ name }) =>
      (order.hidden || !name.text.startsWith('.')) &&
      (filter === '' || name.text.toLowerCase().includes(filter)) &&
      !isUploadName(name),
  );
  const sign = order.descending ? -1 : 1;
  const compare = COMPARE[order.column];
  return shown.sort(
    (one, other) => Number(isFolder(other)) - Number(isFolder(one)) || sign * compare(one, other) || byName(one, other),
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
