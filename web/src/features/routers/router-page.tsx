import type { Router } from '@netpilot/control-plane/contract/routers.ts';
import { Box, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useParams } from 'react-router';
import { useRouter, useSessions, useSignedIn } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { BackLink, LinkButton } from '../../shell/links.tsx';
import { LoadingRows } from '../../shell/loading.tsx';
import { Page, Section } from '../../shell/page.tsx';
import { Ago } from '../../shell/time.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { mayChangeRouter } from '../organisations/rights.ts';
import { useOpenSession } from '../sessions/use-open-session.ts';
import { ConnectionTestSection } from './connection-test.tsx';
import { EnrolmentSection } from './enrolment-section.tsx';
import { PendingHostKey } from './host-key.tsx';
import { NetworkButton } from './network-button.tsx';
import { OpenTerminalButton } from './open-terminal-button.tsx';
import { RunningSessions } from './running-sessions.tsx';
import { RouterSettings } from './router-settings.tsx';
import { RouterStateLine } from './router-state.tsx';

/** One router: its state, its terminal, its test, its host key and its settings. */
export function RouterPage() {
  const { routerId = '' } = useParams();
  const router = useRouter(routerId);
  const back = <BackLink to={paths.routers()}>Routers</BackLink>;
  if (!router.data) {
    return (
      <Page title="Router" back={back}>
        {router.error ? <Trouble error={router.error} retry={() => void router.refetch()} /> : <LoadingRows />}
      </Page>
    );
  }
  return <Loaded router={router.data} back={back} />;
}

function Loaded({ router, back }: { router: Router; back: ReactNode }) {
  const me = useSignedIn();
  const open = useOpenSession();
  const running = useSessions('active').items.filter(({ routerId }) => routerId === router.id);
  const mayChange = mayChangeRouter(me, router);
  return (
    <Page
      title={router.name}
      width={860}
      back={back}
      lead={<RouterStateLine router={router} />}
      actions={
        <>
          <RunningSessions sessions={running} />
          <NetworkButton router={router} />
          <OpenTerminalButton router={router} busy={open.isPending} onOpen={() => open.mutate(router.id)} />
        </>
      }
    >
      <Trouble error={open.error} />
      <PendingHostKey router={router} mayConfirm={mayChange} />
      <ConnectionTestSection router={router} mayConfirm={mayChange} />
      <Section
        title="Facts"
        actions={
          <LinkButton to={paths.recordings({ routerId: router.id })} variant="default" mih={44}>
            Recordings
          </LinkButton>
        }
      >
        <Facts router={router} />
      </Section>
      {mayChange && router.attachment === 'enrolled' && <EnrolmentSection router={router} />}
      {mayChange && <RouterSettings router={router} />}
    </Page>
  );
}

const AUTHENTICATION = {
  bastion_key: 'A key that the bastion made for this router',
  password: 'A password, kept sealed',
  private_key: 'A private key, kept sealed',
} as const;

function Facts({ router }: { router: Router }) {
  const facts: [string, ReactNode][] = [
    ['Organisation', organisationName(useSignedIn().memberships, router.organisationId)],
    ['User', router.user],
    ['Signs in with', AUTHENTICATION[router.authentication]],
    ['Tunnel port', router.tunnelPort ?? 'none yet'],
    [
      'Host key',
      <span key="key" className="np-fingerprint">
        {router.hostKeyFingerprint ?? 'none confirmed yet'}
      </span>,
    ],
    ['Algorithms', router.algorithms === 'modern' ? 'Modern' : 'Legacy, for an old router'],
    ['Added', <Ago key="added" at={router.createdAt} />],
    ...(router.enrolledAt ? [['Set up', <Ago key="enrolled" at={router.enrolledAt} />] as [string, ReactNode]] : []),
  ];
  return (
    <Box component="dl" m={0}>
      {facts.map(([name, value]) => (
        <Group key={name} component="div" gap="sm" py={6} align="baseline">
          <Text component="dt" size="sm" c="dimmed" w={140}>
            {name}
          </Text>
          <Text component="dd" size="sm" m={0} flex="1 1 200px">
            {value}
          </Text>
        </Group>
      ))}
    </Box>
  );
}

function organisationName(memberships: { organisationId: string; organisationName: string }[], id: string): string {
  return memberships.find(({ organisationId }) => organisationId === id)?.organisationName ?? 'Another organisation';
}
