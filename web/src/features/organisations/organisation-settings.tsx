import { type Organisation, OrganisationInput } from '@netpilot/control-plane/contract/organisations.ts';
import { Button, Group, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { paths } from '../../routes/paths.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';

/** Name of an organisation, and its deletion by an owner. */
export function OrganisationSettings({ organisation }: { organisation: Organisation }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState(organisation.name);
  const [deleting, setDeleting] = useState(false);
  const refresh = () =>
    Promise.all([keys.me, keys.organisations].map((queryKey) => client.invalidateQueries({ queryKey })));
  const rename = useMutation({
    mutationFn: (input: OrganisationInput) => api.renameOrganisation(organisation.id, input),
    onSuccess: refresh,
  });
  const valid = OrganisationInput.safeParse({ name });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (valid.success) rename.mutate(valid.data);
  };
  return (
    <Section title="Settings">
      <form onSubmit={submit}>
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
            disabled={!valid.success || valid.data.name === organisation.name}
            loading={rename.isPending}
          >
            Rename
          </Button>
        </Group>
      </form>
      <Trouble error={rename.error} />
      {organisation.role === 'owner' && (
        <Group justify="space-between" gap="sm" pt="md" style={{ borderTop: '1px solid var(--np-line)' }}>
          <Text size="sm" c="dimmed" flex="1 1 260px">
            Deleting removes its routers and memberships and ends its sessions.
          </Text>
          <Button variant="outline" color="red" c="var(--np-bad)" mih={44} onClick={() => setDeleting(true)}>
            Delete organisation
          </Button>
        </Group>
      )}
      <Confirm
        opened={deleting}
        onClose={() => setDeleting(false)}
        title="Delete this organisation?"
        action="Delete organisation"
        danger
        typed={organisation.name}
        onConfirm={async () => {
          await api.deleteOrganisation(organisation.id);
          await navigate(paths.organisations(), { replace: true });
          await refresh();
        }}
      >
        Its routers, keys and credentials are destroyed and all its sessions end. This cannot be undone.
      </Confirm>
    </Section>
  );
}
