import type { ReactNode } from 'react';
import { ActionIcon, Button, Group, Progress, Text, Tooltip } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay, IconRefresh, IconX } from '@tabler/icons-react';
import { isProblem } from '../../api/problem.ts';
import type { TransferQueue, TransferView } from './transfer-queue.ts';
import { stateWords } from './transfer-words.ts';

/** What is on its way and what has arrived, with what can be done about it. Nothing without transfers. */
export function TransfersPanel({ queue, views }: { queue: TransferQueue; views: readonly TransferView[] }) {
  if (views.length === 0) return null;
  const ended = views.some(({ state }) => state === 'done' || state === 'failed');
  return (
    <section className="np-transfers" aria-label="Transfers">
      <Group justify="space-between" px="md" py={4}>
        <Text component="h2" size="sm" fw={650} m={0}>
          Transfers
        </Text>
        {ended && (
          <Button variant="subtle" size="compact-sm" mih={32} onClick={() => queue.clear()}>
            Clear ended
          </Button>
        )}
      </Group>
      <ul>
        {views.map((view) => (
          <TransferRow key={view.id} queue={queue} view={view} />
        ))}
      </ul>
    </section>
  );
}

function TransferRow({ queue, view }: { queue: TransferQueue; view: TransferView }) {
  const { id, kind, name, state, moved, total } = view;
  const share = total === null ? null : total === 0 ? 100 : (moved / total) * 100;
  const running = state === 'running' || state === 'waiting' || state === 'offline';
  const label = `${kind === 'upload' ? 'Upload' : 'Download'} of ${name}`;
  return (
    <li aria-label={label}>
      <div className="np-transfer-words">
        <Text size="sm" truncate>
          <span aria-hidden>{kind === 'upload' ? '↑ ' : '↓ '}</span>
          <bdi>{name}</bdi>
        </Text>
        <Text
          size="xs"
          c={state === 'failed' ? 'var(--np-bad)' : 'dimmed'}
          role={state === 'failed' ? 'alert' : undefined}
        >
          {stateWords(view)}
        </Text>
        <Progress
          value={state === 'done' ? 100 : (share ?? 100)}
          animated={share === null && running}
          size={4}
          color={state === 'failed' ? 'red.9' : state === 'done' ? 'green.9' : undefined}
          aria-label={label}
        />
      </div>
      {view.pausable && running && (
        <Act label="Pause" onClick={() => queue.pause(id)}>
          <IconPlayerPause size={18} aria-hidden />
        </Act>
      )}
      {state === 'paused' && (
        <Act label="Resume" onClick={() => queue.resume(id)}>
          <IconPlayerPlay size={18} aria-hidden />
        </Act>
      )}
      {state === 'failed' && !isProblem(view.error, 'session_over') && (
        <Act label="Try again" onClick={() => queue.resume(id)}>
          <IconRefresh size={18} aria-hidden />
        </Act>
      )}
      <Act label={state === 'done' || state === 'failed' ? 'Remove' : 'Cancel'} onClick={() => queue.remove(id)}>
        <IconX size={18} aria-hidden />
      </Act>
    </li>
  );
}

function Act({ label, onClick, children }: { label: string; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" c="var(--mantine-color-text)" size={44} aria-label={label} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
