import { uploadIdOf } from '@netpilot/control-plane/contract/files.ts';
import { printableName, sizeWords } from '@netpilot/control-plane/contract/printable.ts';
import type { CSSProperties, MouseEvent, ReactNode } from 'react';
import { FileIcon } from './file-icon.tsx';
import type { Row } from './file-list.tsx';
import { isFile, isFolder, kindWords, modeWords, ownerWords, timeWords } from './file-words.ts';

interface FileRowProps {
  id: string;
  row: Row;
  index: number;
  selected: boolean;
  active: boolean;
  style: CSSProperties;
  onClick: (event: MouseEvent) => void;
  onOpen: () => void;
  onToggle: () => void;
  menu: ReactNode;
}

/** One entry; its name opens it, a click elsewhere selects it. Names are data: escaped, and each with its own direction. */
export function FileRow({ id, row, index, selected, active, style, onClick, onOpen, onToggle, menu }: FileRowProps) {
  const { entry, place } = row;
  const name = printableName(entry.name);
  const special = !isFile(entry) && !isFolder(entry);
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      data-active={active || undefined}
      className="np-file"
      style={style}
      onClick={onClick}
      onDoubleClick={onOpen}
    >
      <span role="gridcell" className="np-file-check">
        <input
          type="checkbox"
          tabIndex={-1}
          checked={selected}
          aria-label={`Select ${name}`}
          onClick={(event) => event.stopPropagation()}
          onChange={onToggle}
        />
      </span>
      <span role="gridcell" className="np-file-name">
        <FileIcon entry={entry} />
        <span className="np-file-words">
          <button
            type="button"
            tabIndex={-1}
            onClick={(event) => {
              if (event.shiftKey || event.ctrlKey || event.metaKey) return;
              event.stopPropagation();
              onOpen();
            }}
          >
            <bdi>{name}</bdi>
          </button>
          {entry.target && (
            <span className="np-file-note">
              {' → '}
              <bdi>{printableName(entry.target.name)}</bdi>
            </span>
          )}
          {uploadIdOf(entry.name) !== null && <span className="np-file-badge">unfinished upload</span>}
          {special && <span className="np-file-badge">{kindWords(entry)}</span>}
          {place !== undefined && <span className="np-file-note np-file-place">{place}</span>}
          <span className="np-file-facts">
            {isFolder(entry) ? '' : `${sizeWords(entry.size)} · `}
            {entry.modifiedAt === null ? '' : `${timeWords(entry.modifiedAt)} · `}
            {modeWords(entry)}
          </span>
        </span>
      </span>
      <span role="gridcell" className="np-file-size">
        {entry.type === 'file' ? sizeWords(entry.size) : ''}
      </span>
      <span role="gridcell" className="np-file-time">
        {entry.modifiedAt === null ? '' : timeWords(entry.modifiedAt)}
      </span>
      <span role="gridcell" className="np-file-mode">
        {modeWords(entry)}
      </span>
      <span role="gridcell" className="np-file-owner">
        {ownerWords(entry)}
      </span>
      <span role="gridcell" className="np-file-menu" onClick={(event) => event.stopPropagation()}>
        {menu}
      </span>
    </div>
  );
}
