import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/calls.ts';
import { applySession } from '../../api/apply-event.ts';
import { Trouble } from '../../shell/trouble.tsx';

/** Longest message, as the contract has it. */
const LONGEST = 300;

/** Writes a line into the banner of somebody's session. */
export function MessageDialog({ session, onClose }: { session: Session; onClose: () => void }) {
  const client = useQueryClient();
  const [text, setText] = useState('');
  const say = useMutation({
    mutationFn: () => api.messageSession(session.id, text),
    onSuccess: async (changed) => {
      await applySession(client, changed);
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>Message to {session.userName}</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          say.mutate();
        }}
      >
        <Stack>
          <TextInput
            size="md"
            label="Message"
            description="Shown above their terminals, with your name. It takes the place of an earlier one."
            value={text}
            maxLength={LONGEST}
            autoComplete="off"
            data-autofocus
            onChange={({ currentTarget }) => setText(currentTarget.value)}
          />
          <Trouble error={say.error} />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" mih={44} onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" mih={44} loading={say.isPending} disabled={text.trim() === ''}>
              Send
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
