import { DisplayName } from '@netpilot/control-plane/contract/identifiers.ts';
import type { Router, RouterChange } from '@netpilot/control-plane/contract/routers.ts';
import { Button, Group, Switch, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { paths } from '../../routes/paths.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';

/** Name, algorithms and deletion of a router, for those who may. */
export function RouterSettings({ router }: { router: Router }) {
  const client = useQueryClient();
  const [name, setName] = useState(router.name);
  const [deleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  const change = useMutation({
    mutationFn: (body: RouterChange) => api.changeRouter(router.id, body),
    onSuccess: async (changed) => {
      await client.cancelQueries({ queryKey: keys.router(router.id) });
      client.setQueryData(keys.router(router.id), changed);
      setName(changed.name);
      await client.invalidateQueries({ queryKey: keys.routerLists });
    },
  });
  const valid = DisplayName.safeParse(name);
  const rename = (event: FormEvent) => {
    event.preventDefault();
    if (valid.success) change.mutate({ name: valid.data });
  };
  const remove = async () => {
    await api.deleteRouter(router.id);
    await navigate(paths.routers(), { replace: true });
    client.removeQueries({ queryKey: keys.router(router.id) });
    await client.invalidateQueries({ queryKey: keys.routerLists });
  };
  return (
    <Section title="Settings">
      <form onSubmit={rename}>
        <Group align="flex-end" gap="sm">
          <TextInput
            label="Name"
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
            maxLength={80}
            flex="1 1 220px"
            size="md"
            autoComplete="off"
          />
          <Button
            type="submit"
            variant="default"
            mih={44}
            disabled={!valid.success || valid.data === router.name}
            loading={change.isPending}
          >
            Rename
          </Button>
        </Group>
      </form>
      <Switch
        label="Allow legacy algorithms"
        description="Only for an old router that offers nothing better (SHA-1 key exchange, ssh-rsa)"
        checked={router.algorithms === 'legacy'}
        disabled={change.isPending}
        onChange={({ currentTarget }) => change.mutate({ algorithms: currentTarget.checked ? 'legacy' : 'modern' })}
      />
      <Trouble error={change.error} />
      <Group justify="space-between" gap="sm" pt="md" style={{ borderTop: '1px solid var(--np-line)' }}>
        <Text size="sm" c="dimmed" flex="1 1 260px">
          Deleting ends its sessions and its tunnel. What was installed on the router stays until you paste the line to
          remove it.
        </Text>
        <Button variant="outline" color="red" c="var(--np-bad)" mih={44} onClick={() => setDeleting(true)}>
          Delete router
        </Button>
      </Group>
      <Confirm
        opened={deleting}
        onClose={() => setDeleting(false)}
        title="Delete this router?"
        action="Delete router"
        danger
        typed={router.name}
        onConfirm={remove}
      >
        Its running sessions end now, its port becomes free, and its keys and credentials are destroyed. This cannot be
        undone.
      </Confirm>
    </Section>
  );
}
