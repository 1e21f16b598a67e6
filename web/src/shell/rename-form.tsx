import { DisplayName } from '@netpilot/control-plane/contract/identifiers.ts';
import { Button, Group, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';

interface RenameFormProps {
  /** The name as it is. */
  name: string;
  busy: boolean;
  onRename: (name: string) => void;
}

/** One name to change; the button waits for a valid other one. */
export function RenameForm({ name, busy, onRename }: RenameFormProps) {
  const [typed, setTyped] = useState(name);
  const valid = DisplayName.safeParse(typed);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!valid.success) return;
    setTyped(valid.data);
    onRename(valid.data);
  };
  return (
    <form onSubmit={submit}>
      <Group align="flex-end" gap="sm">
        <TextInput
          label="Name"
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          maxLength={80}
          flex="1 1 220px"
          size="md"
          autoComplete="off"
        />
        <Button
          type="submit"
          variant="default"
          mih={44}
          disabled={!valid.success || valid.data === name}
          loading={busy}
        >
          Rename
        </Button>
      </Group>
    </form>
  );
}
