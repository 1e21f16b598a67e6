import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { Trouble } from './trouble.tsx';

interface ConfirmProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** The verb on the button. */
  action: string;
  danger?: boolean;
  /** A name that has to be typed first. */
  typed?: string;
  disabled?: boolean;
  onConfirm: () => Promise<unknown>;
}

/** Asks before something that cannot be undone; stays open with the problem when it fails. */
export function Confirm(props: ConfirmProps) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={<Text fw={650}>{props.title}</Text>}>
      <Question {...props} />
    </Modal>
  );
}

function Question({ onClose, children, action, danger, typed, disabled, onConfirm }: ConfirmProps) {
  const [text, setText] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <Text component="div" size="sm">
          {children}
        </Text>
        {typed !== undefined && (
          <TextInput
            label={`Type ${typed} to confirm`}
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
        )}
        <Trouble error={error} />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            color={danger ? 'red.9' : undefined}
            loading={busy}
            disabled={disabled === true || (typed !== undefined && text.trim() !== typed)}
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
