import { Button, Group, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Confirm } from './confirm.tsx';

interface DeletionProps {
  /** What is deleted, as in "Delete router". */
  what: string;
  /** Its name, to be typed. */
  name: string;
  /** What it does, beside the button. */
  summary: string;
  /** What is lost, in the question. */
  children: ReactNode;
  onDelete: () => Promise<void>;
}

/** The foot of a settings page that deletes the thing itself, after its name was typed. */
export function Deletion({ what, name, summary, children, onDelete }: DeletionProps) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Group justify="space-between" gap="sm" pt="md" style={{ borderTop: '1px solid var(--np-line)' }}>
        <Text size="sm" c="dimmed" flex="1 1 260px">
          {summary}
        </Text>
        <Button variant="outline" color="red" c="var(--np-bad)" mih={44} onClick={() => setAsking(true)}>
          Delete {what}
        </Button>
      </Group>
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Delete this ${what}?`}
        action={`Delete ${what}`}
        danger
        typed={name}
        onConfirm={onDelete}
      >
        {children}
      </Confirm>
    </>
  );
}
