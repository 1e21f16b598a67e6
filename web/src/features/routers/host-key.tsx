import type { Router } from '@netpilot/control-plane/contract/routers.ts';
import { Button, Checkbox, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { Notice } from '../../shell/notice.tsx';

/** A key was seen that nobody has confirmed: says so until a person decides. */
export function PendingHostKey({ router, mayConfirm }: { router: Router; mayConfirm: boolean }) {
  const [opened, setOpened] = useState(false);
  const pending = router.pendingHostKeyFingerprint;
  if (!pending) return null;
  const changed = router.hostKeyFingerprint !== null;
  return (
    <Notice
      tone={changed ? 'bad' : 'warn'}
      title={changed ? 'This router shows another host key than before' : 'Confirm the host key of this router'}
    >
      {changed
        ? 'If you did not reset or replace it, somebody may be in between. No session opens until this is settled.'
        : 'It was reached for the first time. Compare its fingerprint once; sessions open afterwards.'}
      {mayConfirm && (
        <div>
          <Button variant="default" size="sm" mt="sm" onClick={() => setOpened(true)}>
            Compare the host key
          </Button>
        </div>
      )}
      <HostKeyDialog router={router} fingerprint={pending} opened={opened} onClose={() => setOpened(false)} />
    </Notice>
  );
}

interface HostKeyDialogProps {
  router: Router;
  fingerprint: string;
  opened: boolean;
  onClose: () => void;
}

/** Pins exactly the fingerprint it shows, after the person has said that they compared it. */
export function HostKeyDialog({ router, fingerprint, opened, onClose }: HostKeyDialogProps) {
  const client = useQueryClient();
  const [compared, setCompared] = useState(false);
  const close = () => {
    setCompared(false);
    onClose();
  };
  const confirm = async () => {
    const changed = await api.confirmHostKey(router.id, { fingerprint });
    await client.cancelQueries({ queryKey: keys.router(router.id) });
    client.setQueryData(keys.router(router.id), changed);
    await client.invalidateQueries({ queryKey: keys.routerLists });
  };
  return (
    <Confirm
      opened={opened}
      onClose={close}
      title="Confirm the host key"
      action="Confirm host key"
      disabled={!compared}
      onConfirm={confirm}
    >
      <Stack gap="sm">
        <span>The bastion saw this fingerprint:</span>
        <code className="np-line np-fingerprint">{fingerprint}</code>
        {router.hostKeyFingerprint && (
          <>
            <span>Confirmed before was:</span>
            <code className="np-line np-fingerprint">{router.hostKeyFingerprint}</code>
          </>
        )}
        <Text size="sm" c="dimmed">
          On the router itself it is shown by <code>dropbearkey -y -f /etc/dropbear/dropbear_ed25519_host_key</code> or{' '}
          <code>ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</code>.
        </Text>
        <Checkbox
          label="I compared it: the router shows the same fingerprint"
          checked={compared}
          onChange={({ currentTarget }) => setCompared(currentTarget.checked)}
        />
      </Stack>
    </Confirm>
  );
}
