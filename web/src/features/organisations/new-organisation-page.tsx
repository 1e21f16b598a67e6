import { OrganisationInput } from '@netpilot/control-plane/contract/organisations.ts';
import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { paths } from '../../routes/paths.ts';
import { BackLink } from '../../shell/links.tsx';
import { Page, Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';

/** Creates an organisation with the person as its owner. */
export function NewOrganisationPage() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [error, setError] = useState<string | null>(null);
  const create = useMutation({
    mutationFn: api.createOrganisation,
    onSuccess: async () => {
      await Promise.all([
        client.invalidateQueries({ queryKey: keys.me }),
        client.invalidateQueries({ queryKey: keys.organisations }),
      ]);
      await navigate(paths.routers());
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const parsed = OrganisationInput.safeParse({ name });
    setError(parsed.success ? null : 'Give it a name of 1 to 80 characters.');
    if (parsed.success) create.mutate(parsed.data);
  };
  return (
    <Page
      title="Create organisation"
      lead="You become its owner and can add members afterwards."
      width={640}
      back={<BackLink to={paths.organisations()}>Organisations</BackLink>}
    >
      <Section title="Name">
        <form onSubmit={submit} noValidate>
          <Stack>
            <TextInput
              label="Name"
              placeholder="Acme Networks"
              value={name}
              onChange={({ currentTarget }) => setName(currentTarget.value)}
              error={error}
              maxLength={80}
              size="md"
              autoComplete="organization"
              required
            />
            <Trouble error={create.error} />
            <Group>
              <Button type="submit" mih={44} loading={create.isPending}>
                Create organisation
              </Button>
            </Group>
          </Stack>
        </form>
      </Section>
    </Page>
  );
}
