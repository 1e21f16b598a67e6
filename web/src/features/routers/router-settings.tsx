import type { Router, RouterChange } from '@netpilot/control-plane/contract/routers.ts';
import { Switch } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { paths } from '../../routes/paths.ts';
import { Deletion } from '../../shell/deletion.tsx';
import { Section } from '../../shell/page.tsx';
import { RenameForm } from '../../shell/rename-form.tsx';
import { Trouble } from '../../shell/trouble.tsx';

/** Name, algorithms and deletion of a router, for those who may. */
export function RouterSettings({ router }: { router: Router }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const change = useMutation({
    mutationFn: (body: RouterChange) => api.changeRouter(router.id, body),
    onSuccess: async (changed) => {
      await client.cancelQueries({ queryKey: keys.router(router.id) });
      client.setQueryData(keys.router(router.id), changed);
      await client.invalidateQueries({ queryKey: keys.routerLists });
    },
  });
  const remove = async () => {
    await api.deleteRouter(router.id);
    await navigate(paths.routers(), { replace: true });
    client.removeQueries({ queryKey: keys.router(router.id) });
    await client.invalidateQueries({ queryKey: keys.routerLists });
  };
  return (
    <Section title="Settings">
      <RenameForm name={router.name} busy={change.isPending} onRename={(name) => change.mutate({ name })} />
      <Switch
        label="Allow legacy algorithms"
        description="Only for an old router that offers nothing better (SHA-1 key exchange, ssh-rsa)"
        checked={router.algorithms === 'legacy'}
        disabled={change.isPending}
        onChange={({ currentTarget }) => change.mutate({ algorithms: currentTarget.checked ? 'legacy' : 'modern' })}
      />
      <Trouble error={change.error} />
      <Deletion
        what="router"
        name={router.name}
        summary="Deleting ends its sessions and its tunnel. What was installed on the router stays until you paste the line to remove it."
        onDelete={remove}
      >
        Its running sessions end now, its port becomes free, and its keys and credentials are destroyed. This cannot be
        undone.
      </Deletion>
    </Section>
  );
}
