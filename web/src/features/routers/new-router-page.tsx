import type { RouterCreated, RouterInput } from '@netpilot/control-plane/contract/routers.ts';
import { DisplayName } from '@netpilot/control-plane/contract/identifiers.ts';
import { Button, Group, Select, Stack, Tabs, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { useRouter, useSignedIn } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { BackLink, LinkButton } from '../../shell/links.tsx';
import { Page, Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { operates } from '../organisations/rights.ts';
import { useOpenSession } from '../sessions/use-open-session.ts';
import { EnrolmentLines, WaitingForRouter } from './enrolment-lines.tsx';
import { ManualRouterForm } from './manual-router-form.tsx';
import { OpenTerminalButton } from './open-terminal-button.tsx';

/** Adds a router in two steps: a name, then a line to paste and the wait for its tunnel. Or by hand, for a tunnel that is there. */
export function NewRouterPage() {
  const me = useSignedIn();
  const client = useQueryClient();
  const navigate = useNavigate();
  const choices = me.memberships.filter(({ organisationId }) => operates(me, organisationId));
  const [organisationId, setOrganisationId] = useState(choices[0]?.organisationId ?? '');
  const [name, setName] = useState('');
  const [nameError, setNameError] = useState<string | null>(null);
  const create = useMutation({
    mutationFn: (input: RouterInput) => api.createRouter(input),
    onSuccess: async ({ router, enrolment }) => {
      client.setQueryData(keys.router(router.id), router);
      await client.invalidateQueries({ queryKey: keys.routerLists });
      if (!enrolment) await navigate(paths.router(router.id), { replace: true });
    },
  });
  if (create.data?.enrolment) return <Paste created={create.data} />;

  const enrol = (event: FormEvent) => {
    event.preventDefault();
    const parsed = DisplayName.safeParse(name);
    setNameError(parsed.success ? null : 'Give it a name of 1 to 80 characters.');
    if (parsed.success) create.mutate({ attachment: 'enrolled', organisationId, name: parsed.data });
  };
  return (
    <Page title="Add router" width={720} back={<BackLink to={paths.routers()}>Routers</BackLink>}>
      <Section title="Which router?">
        <TextInput
          label="Name"
          placeholder="Office router"
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
          error={nameError}
          maxLength={80}
          size="md"
          autoComplete="off"
          required
        />
        {choices.length > 1 && (
          <Select
            label="Organisation"
            data={choices.map((each) => ({ value: each.organisationId, label: each.organisationName }))}
            value={organisationId}
            onChange={(value) => value && setOrganisationId(value)}
            allowDeselect={false}
            size="md"
          />
        )}
        <Tabs defaultValue="line" keepMounted={false} onChange={() => create.reset()}>
          <Tabs.List mb="md">
            <Tabs.Tab value="line" mih={44}>
              Paste a line
            </Tabs.Tab>
            <Tabs.Tab value="manual" mih={44}>
              By hand
            </Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="line">
            <form onSubmit={enrol} noValidate>
              <Stack>
                <Text c="dimmed">
                  You get one line for the shell of the router. It opens the tunnel; nothing has to be installed.
                </Text>
                <Trouble error={create.error} />
                <Group>
                  <Button type="submit" loading={create.isPending} mih={44}>
                    Get the line
                  </Button>
                </Group>
              </Stack>
            </form>
          </Tabs.Panel>
          <Tabs.Panel value="manual">
            <ManualRouterForm
              organisationId={organisationId}
              name={name}
              onSubmit={(input) => create.mutate(input)}
              busy={create.isPending}
              error={create.error}
            />
          </Tabs.Panel>
        </Tabs>
      </Section>
    </Page>
  );
}

function Paste({ created }: { created: RouterCreated }) {
  const router = useRouter(created.router.id).data ?? created.router;
  const open = useOpenSession();
  return (
    <Page title={`Set up ${router.name}`} width={720} back={<BackLink to={paths.routers()}>Routers</BackLink>}>
      {created.enrolment && !router.tunnel.up && (
        <Section title="Paste the line">
          <EnrolmentLines enrolment={created.enrolment} />
        </Section>
      )}
      <Section title="Connection">
        <WaitingForRouter router={router} />
        <Trouble error={open.error} />
        <Group>
          {router.tunnel.up && (
            <OpenTerminalButton router={router} busy={open.isPending} onOpen={() => open.mutate(router.id)} />
          )}
          <LinkButton to={paths.router(router.id)} variant="default" mih={44}>
            Go to the router
          </LinkButton>
        </Group>
      </Section>
    </Page>
  );
}
