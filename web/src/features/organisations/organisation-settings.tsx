import type { Organisation, OrganisationInput } from '@netpilot/control-plane/contract/organisations.ts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { paths } from '../../routes/paths.ts';
import { Deletion } from '../../shell/deletion.tsx';
import { Section } from '../../shell/page.tsx';
import { RenameForm } from '../../shell/rename-form.tsx';
import { Trouble } from '../../shell/trouble.tsx';

/** Name of an organisation, and its deletion by an owner. */
export function OrganisationSettings({ organisation }: { organisation: Organisation }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const refresh = () =>
    Promise.all([keys.me, keys.organisations].map((queryKey) => client.invalidateQueries({ queryKey })));
  const rename = useMutation({
    mutationFn: (input: OrganisationInput) => api.renameOrganisation(organisation.id, input),
    onSuccess: refresh,
  });
  const remove = async () => {
    await api.deleteOrganisation(organisation.id);
    await navigate(paths.organisations(), { replace: true });
    await refresh();
  };
  return (
    <Section title="Settings">
      <RenameForm name={organisation.name} busy={rename.isPending} onRename={(name) => rename.mutate({ name })} />
      <Trouble error={rename.error} />
      {organisation.role === 'owner' && (
        <Deletion
          what="organisation"
          name={organisation.name}
          summary="Deleting removes its routers and memberships and ends its sessions."
          onDelete={remove}
        >
          Its routers, keys and credentials are destroyed and all its sessions end. This cannot be undone.
        </Deletion>
      )}
    </Section>
  );
}
