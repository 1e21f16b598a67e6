import { printablePath } from '@netpilot/control-plane/contract/printable.ts';
import { Button, Group, Loader, Text } from '@mantine/core';
import { Trouble } from '../../shell/trouble.tsx';
import type { Search } from './use-search.ts';

/** What a search is about, how far it is, and how to stop it. */
export function SearchBar({ search, onStop, onClose }: { search: Search; onStop: () => void; onClose: () => void }) {
  const { text, below, found, state, limited, unreadable, error } = search;
  const notes = [
    `${found.length} found`,
    ...(limited ? ['there may be more'] : []),
    ...(unreadable > 0 ? [`${unreadable} folders could not be looked into`] : []),
    ...(state === 'stopped' ? ['stopped'] : []),
  ];
  return (
    <div className="np-search-result">
      <Group gap="sm" wrap="nowrap">
        {state === 'running' && <Loader size={16} aria-hidden />}
        <Text size="sm" role="status" style={{ flex: 1, minWidth: 0 }}>
          Names with “{text}” below <bdi>{printablePath(below)}</bdi>: {notes.join(', ')}
        </Text>
        {state === 'running' && (
          <Button variant="default" mih={40} onClick={onStop}>
            Stop
          </Button>
        )}
        <Button variant="subtle" mih={40} onClick={onClose}>
          Back to the folder
        </Button>
      </Group>
      <Trouble error={error} />
    </div>
  );
}
