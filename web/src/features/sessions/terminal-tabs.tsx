import { TERMINALS_PER_SESSION } from '@netpilot/control-plane/contract/sessions.ts';
import { ActionIcon, Tooltip } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { type KeyboardEvent, useRef } from 'react';
import type { OpenTerminal } from './use-terminals.ts';

interface TerminalTabsProps {
  terminals: OpenTerminal[];
  titles: Readonly<Record<number, string>>;
  active: number | null;
  live: boolean;
  opening: boolean;
  /** Whether the files are shown instead of a terminal. */
  filesShown: boolean;
  onChoose: (id: number) => void;
  onOpen: () => void;
  onClose: (id: number) => void;
  onFiles: () => void;
}

/** One tab for each terminal and one for the files; arrow keys move, and the shown terminal has its close button beside the list. */
export function TerminalTabs({
  terminals,
  titles,
  active,
  live,
  opening,
  onChoose,
  onOpen,
  onClose,
  filesShown,
  onFiles,
}: TerminalTabsProps) {
  const list = useRef<HTMLDivElement>(null);
  /** The tabs from left to right; null is that of the files. */
  const tabs = [...terminals.map(({ id }) => id), null];
  const shown = filesShown ? null : active;
  const move = (event: KeyboardEvent) => {
    const at = tabs.indexOf(shown);
    const target = {
      ArrowRight: tabs[(at + 1) % tabs.length],
      ArrowLeft: tabs.at(at - 1),
      Home: tabs[0],
      End: tabs.at(-1),
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    if (target === null) onFiles();
    else onChoose(target);
    list.current?.querySelector<HTMLElement>(`[data-tab="${target ?? 'files'}"]`)?.focus();
  };
  const full = terminals.length >= TERMINALS_PER_SESSION;
  return (
    <div className="np-tabs">
      <div role="tablist" aria-label="Terminals and files" ref={list} onKeyDown={move}>
        {terminals.map(({ id }) => (
          <button
            key={id}
            type="button"
            role="tab"
            data-tab={id}
            aria-selected={id === shown}
            tabIndex={id === shown ? 0 : -1}
            title={titles[id]}
            onClick={() => onChoose(id)}
          >
            Terminal {id}
            {titles[id] && <span className="np-tab-title"> · {titles[id]}</span>}
          </button>
        ))}
        <button
          type="button"
          role="tab"
          data-tab="files"
          aria-selected={filesShown}
          tabIndex={shown === null ? 0 : -1}
          onClick={onFiles}
        >
          Files
        </button>
      </div>
      {shown !== null && (
        <Tooltip label={`Close terminal ${shown}`}>
          <ActionIcon
            variant="subtle"
            c="var(--mantine-color-text)"
            size={36}
            aria-label={`Close terminal ${shown}`}
            onClick={() => onClose(shown)}
          >
            <IconX size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
      )}
      <Tooltip label={full ? `A session has at most ${TERMINALS_PER_SESSION} terminals` : 'New terminal'}>
        <ActionIcon
          variant="subtle"
          c="var(--mantine-color-text)"
          size={36}
          aria-label="New terminal"
          loading={opening}
          disabled={!live || full}
          onClick={onOpen}
        >
          <IconPlus size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}
