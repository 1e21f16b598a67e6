import type { FileEntry } from '@netpilot/control-plane/contract/files.ts';
import type { RouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type MouseEvent, type ReactNode, useEffect, useRef } from 'react';
import type { Column, FileOrder } from './file-order.ts';
import { FileRow } from './file-row.tsx';
import type { Selection } from './use-selection.ts';

export interface Row {
  readonly key: string;
  readonly entry: FileEntry;
  /** The folder it is in, shown where rows are of several. */
  readonly place?: string;
  /** The same folder as a path. */
  readonly within?: RouterPath;
}

interface FileListProps {
  rows: readonly Row[];
  label: string;
  selection: Selection;
  phone: boolean;
  order: FileOrder | null;
  onSort: (column: Column) => void;
  onOpen: (row: Row) => void;
  onDelete: () => void;
  onRename: (row: Row) => void;
  onUp: () => void;
  /** The menu of one row. */
  menu: (row: Row) => ReactNode;
}

const ROW = 38;
const PHONE_ROW = 60;
const COLUMNS: readonly { readonly column: Column | null; readonly label: string; readonly name: string }[] = [
  { column: 'name', label: 'Name', name: 'name' },
  { column: 'size', label: 'Size', name: 'size' },
  { column: 'modified', label: 'Changed', name: 'time' },
  { column: null, label: 'Permissions', name: 'mode' },
  { column: 'owner', label: 'Owner', name: 'owner' },
];

/**
 * The rows of a folder, of which only those on the screen are drawn. One stop of the Tab key: arrows move, Space selects, Enter opens,
 * Delete, F2, Ctrl+A and Backspace do what they say elsewhere.
 */
export function FileList(props: FileListProps) {
  const { rows, label, selection, phone, order, onSort } = props;
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => (phone ? PHONE_ROW : ROW),
    overscan: 12,
  });
  useEffect(() => virtual.measure(), [phone, virtual]);
  const { active } = selection;
  const go = (index: number, event: KeyboardEvent) => {
    const target = Math.max(0, Math.min(rows.length - 1, index));
    if (event.shiftKey) selection.extend(target);
    else if (event.ctrlKey || event.metaKey) selection.point(target);
    else selection.choose(target);
    virtual.scrollToIndex(target);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== scroll.current || rows.length === 0) return;
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? ROW) / (phone ? PHONE_ROW : ROW)) - 1);
    const row = rows[active];
    const keys: Readonly<Record<string, () => void>> = {
      ArrowDown: () => go(active + 1, event),
      ArrowUp: () => go(active - 1, event),
      PageDown: () => go(active + page, event),
      PageUp: () => go(active - page, event),
      Home: () => go(0, event),
      End: () => go(rows.length - 1, event),
      ' ': () => selection.toggle(active),
      Enter: () => row && props.onOpen(row),
      F2: () => row && props.onRename(row),
      Delete: props.onDelete,
      Backspace: props.onUp,
      Escape: selection.none,
      ...(event.ctrlKey || event.metaKey ? { a: selection.all } : {}),
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  const onRowClick = (index: number, event: MouseEvent) => {
    if (event.shiftKey) selection.extend(index);
    else if (event.ctrlKey || event.metaKey) selection.toggle(index);
    else selection.choose(index);
  };
  return (
    <div
      ref={scroll}
      className="np-files"
      role="grid"
      aria-label={label}
      aria-multiselectable
      aria-rowcount={rows.length + 1}
      aria-activedescendant={rows.length > 0 ? rowId(active) : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      data-phone={phone || undefined}
    >
      <div role="row" aria-rowindex={1} className="np-files-head">
        <span role="columnheader" className="np-file-check">
          <span className="np-unseen">Selected</span>
        </span>
        {COLUMNS.map(({ column, label: words, name }) => (
          <span
            key={name}
            role="columnheader"
            className={`np-file-${name}`}
            aria-sort={
              column !== null && order?.column === column ? (order.descending ? 'descending' : 'ascending') : undefined
            }
          >
            {column === null || order === null ? (
              words
            ) : (
              <button type="button" onClick={() => onSort(column)}>
                {words}
                {order.column === column && <span aria-hidden>{order.descending ? ' ↓' : ' ↑'}</span>}
              </button>
            )}
          </span>
        ))}
        <span role="columnheader" className="np-file-menu">
          <span className="np-unseen">Actions</span>
        </span>
      </div>
      <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map(({ index, start, size }) => {
          const row = rows[index];
          if (!row) return null;
          return (
            <FileRow
              key={row.key}
              id={rowId(index)}
              row={row}
              index={index}
              selected={selection.selected.has(row.key)}
              active={index === active}
              style={{ height: size, transform: `translateY(${start}px)` }}
              onClick={(event) => onRowClick(index, event)}
              onOpen={() => props.onOpen(row)}
              onToggle={() => selection.toggle(index)}
              menu={props.menu(row)}
            />
          );
        })}
      </div>
    </div>
  );
}

function rowId(index: number): string {
  return `np-file-${index}`;
}
