import { ActionIcon, Group, TextInput } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconX } from '@tabler/icons-react';
import { type KeyboardEvent, useState } from 'react';
import type { TerminalHandle } from './terminal-view.tsx';

interface SearchBarProps {
  terminal: TerminalHandle | undefined;
  onClose: () => void;
}

/** Finds text in what the terminal still keeps. */
export function SearchBar({ terminal, onClose }: SearchBarProps) {
  const [text, setText] = useState('');
  const [found, setFound] = useState(true);
  const find = (direction: 'next' | 'previous', term = text) => {
    const search = terminal?.screen.search;
    if (!search || term === '') return setFound(true);
    setFound(direction === 'next' ? search.findNext(term) : search.findPrevious(term));
  };
  const close = () => {
    terminal?.screen.search.clearDecorations();
    onClose();
    terminal?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') find(event.shiftKey ? 'next' : 'previous');
    if (event.key === 'Escape') close();
  };
  return (
    <Group className="np-search" gap={4} wrap="nowrap" role="search">
      <TextInput
        aria-label="Find in terminal"
        placeholder="Find"
        value={text}
        onChange={({ currentTarget }) => {
          setText(currentTarget.value);
          find('previous', currentTarget.value);
        }}
        onKeyDown={onKeyDown}
        error={!found}
        autoFocus
        flex={1}
        autoComplete="off"
      />
      <ActionIcon variant="default" size={36} aria-label="Previous match" onClick={() => find('previous')}>
        <IconChevronUp size={18} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="default" size={36} aria-label="Next match" onClick={() => find('next')}>
        <IconChevronDown size={18} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="default" size={36} aria-label="Close search" onClick={close}>
        <IconX size={18} aria-hidden />
      </ActionIcon>
    </Group>
  );
}
