import type { Router } from '@netpilot/control-plane/contract/routers.ts';
import { Box, Group, Select, Stack, Text } from '@mantine/core';
import { IconBuildingPlus, IconPlus, IconRouter } from '@tabler/icons-react';
import { Link, useSearchParams } from 'react-router';
import { useRouters, useSessions, useSignedIn } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { LinkButton } from '../../shell/links.tsx';
import { Empty, LoadingRows } from '../../shell/loading.tsx';
import { LoadMore } from '../../shell/load-more.tsx';
import { Page } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { operates } from '../organisations/rights.ts';
import { useOpenSession } from '../sessions/use-open-session.ts';
import { NetworkButton } from './network-button.tsx';
import { OpenTerminalButton } from './open-terminal-button.tsx';
import { RunningSessions } from './running-sessions.tsx';
import { RouterStateLine } from './router-state.tsx';

/** Where a person starts: their routers, live, each with its terminal one press away. */
export function RoutersPage() {
  const me = useSignedIn();
  const [search, setSearch] = useSearchParams();
  const organisationId = me.memberships.find(
    ({ organisationId }) => organisationId === search.get('organisation'),
  )?.organisationId;
  const routers = useRouters(organisationId ?? null);
  const open = useOpenSession();
  const mayAdd = me.memberships.some((membership) => operates(me, membership.organisationId));
  if (me.memberships.length === 0) return <Newcomer />;
  return (
    <Page
      title="Routers"
      actions={
        <>
          {me.memberships.length > 1 && (
            <Select
              aria-label="Organisation"
              placeholder="All organisations"
              clearable
              clearButtonProps={{ 'aria-label': 'All organisations' }}
              data={me.memberships.map((each) => ({ value: each.organisationId, label: each.organisationName }))}
              value={organisationId ?? null}
              onChange={(value) => setSearch(value ? { organisation: value } : {}, { replace: true })}
              size="md"
            />
          )}
          {mayAdd && routers.items.length > 0 && <AddRouter />}
        </>
      }
    >
      <Trouble error={open.error} />
      <Trouble error={routers.error} retry={() => void routers.refetch()} />
      {routers.isPending && <LoadingRows />}
      {routers.isSuccess && routers.items.length === 0 && (
        <Empty icon={<IconRouter size={40} />} title="No routers yet" action={mayAdd && <AddRouter />}>
          {mayAdd
            ? 'Add one by pasting a single line into its shell. It works behind NAT and needs nothing installed.'
            : 'An owner, admin or operator of your organisation can add one.'}
        </Empty>
      )}
      <Stack gap="sm" component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Routers">
        {routers.items.map((router) => (
          <RouterRow
            key={router.id}
            router={router}
            organisation={me.memberships.length > 1 ? organisationName(me.memberships, router) : null}
            busy={open.isPending && open.variables === router.id}
            onOpen={() => open.mutate(router.id)}
          />
        ))}
      </Stack>
      <LoadMore {...routers} />
    </Page>
  );
}

interface RowProps {
  router: Router;
  organisation: string | null;
  busy: boolean;
  onOpen: () => void;
}

function RouterRow({ router, organisation, busy, onOpen }: RowProps) {
  const running = useSessions('active').items.filter(({ routerId }) => routerId === router.id);
  return (
    <Box component="li" className="np-surface np-card" aria-label={router.name}>
      <Group justify="space-between" gap="md">
        <Box flex="1 1 240px" miw={0}>
          <Group gap={8}>
            <Link to={paths.router(router.id)} className="np-title-link">
              {router.name}
            </Link>
            {organisation && (
              <Text component="span" size="sm" c="dimmed">
                {organisation}
              </Text>
            )}
          </Group>
          <Box mt={4}>
            <RouterStateLine router={router} />
          </Box>
          {router.pendingHostKeyFingerprint && (
            <Text size="sm" mt={4} data-tone="warn" className="np-tone" fw={550}>
              Its host key waits for confirmation
            </Text>
          )}
        </Box>
        <Group gap="sm" className="np-actions">
          <RunningSessions sessions={running} />
          <NetworkButton router={router} />
          <OpenTerminalButton router={router} busy={busy} onOpen={onOpen} />
        </Group>
      </Group>
    </Box>
  );
}

function AddRouter() {
  return (
    <LinkButton to={paths.routerNew()} mih={44} leftSection={<IconPlus size={18} aria-hidden />}>
      Add router
    </LinkButton>
  );
}

function Newcomer() {
  return (
    <Page title="Welcome">
      <Empty
        icon={<IconBuildingPlus size={40} />}
        title="You are not in an organisation yet"
        action={
          <LinkButton to={paths.organisationNew()} size="md">
            Create organisation
          </LinkButton>
        }
      >
        Routers belong to an organisation. Create one for yourself or your team, or ask somebody to add you to theirs.
      </Empty>
    </Page>
  );
}

function organisationName(memberships: { organisationId: string; organisationName: string }[], router: Router) {
  return memberships.find(({ organisationId }) => organisationId === router.organisationId)?.organisationName ?? null;
}
