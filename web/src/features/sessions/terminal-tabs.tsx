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
  onChoose: (id: number) => void;
  onOpen: () => void;
  onClose: (id: number) => void;
}

/** One tab for each terminal; arrow keys move, and the shown one has its close button beside the list. */
export function TerminalTabs({
  terminals,
  titles,
  active,
  live,
  opening,
  onChoose,
  onOpen,
  onClose,
}: TerminalTabsProps) {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const at = terminals.findIndex(({ id }) => id === active);
    const target = {
      ArrowRight: terminals[(at + 1) % terminals.length],
      ArrowLeft: terminals.at(at - 1),
      Home: terminals[0],
      End: terminals.at(-1),
    }[event.key];
    if (!target) return;
    event.preventDefault();
    onChoose(target.id);
    list.current?.querySelector<HTMLElement>(`[data-terminal="${target.id}"]`)?.focus();
  };
  const full = terminals.length >= TERMINALS_PER_SESSION;
  return (
    <div className="np-tabs">
      {terminals.length > 0 && (
        <div role="tablist" aria-label="Terminals" ref={list} onKeyDown={move}>
          {terminals.map(({ id }) => (
            <button
              key={id}
              type="button"
              role="tab"
              data-terminal={id}
              aria-selected={id === active}
              tabIndex={id === active ? 0 : -1}
              title={titles[id]}
              onClick={() => onChoose(id)}
            >
              Terminal {id}
              {titles[id] && <span className="np-tab-title"> · {titles[id]}</span>}
            </button>
          ))}
        </div>
      )}
      {active !== null && (
        <Tooltip label={`Close terminal ${active}`}>
          <ActionIcon
            variant="subtle"
            c="var(--mantine-color-text)"
            size={36}
            aria-label={`Close terminal ${active}`}
            onClick={() => onClose(active)}
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
