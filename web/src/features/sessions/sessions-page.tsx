import { Stack, Title } from '@mantine/core';
import { IconTerminal2 } from '@tabler/icons-react';
import { useSessions } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { LinkButton } from '../../shell/links.tsx';
import { Empty, LoadingRows } from '../../shell/loading.tsx';
import { LoadMore } from '../../shell/load-more.tsx';
import { Page } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { EndSessionButton } from './end-session-button.tsx';
import { SessionList, SessionRow } from './session-row.tsx';
import { TerminalList } from './terminal-list.tsx';

/** The person's own sessions: what runs or waits, then what has been. */
export function SessionsPage() {
  const active = useSessions('active');
  const ended = useSessions('ended');
  return (
    <Page title="Sessions" lead="A session goes on when you close the page; come back to it here.">
      <Trouble error={active.error} retry={() => void active.refetch()} />
      {active.isPending && <LoadingRows />}
      {active.isSuccess && active.items.length === 0 && (
        <Empty
          icon={<IconTerminal2 size={40} />}
          title="No session is running"
          action={<LinkButton to={paths.routers()}>Go to your routers</LinkButton>}
        >
          Open a terminal on one of your routers to start one.
        </Empty>
      )}
      {active.items.length > 0 && (
        <SessionList label="Running sessions">
          {active.items.map((session) => (
            <SessionRow
              key={session.id}
              session={session}
              linked
              details={session.state === 'live' && <TerminalList sessionId={session.id} />}
              actions={
                <>
                  <LinkButton to={paths.session(session.id)} mih={44}>
                    Open
                  </LinkButton>
                  <EndSessionButton session={session} />
                </>
              }
            />
          ))}
        </SessionList>
      )}
      <LoadMore {...active} />
      {ended.items.length > 0 && (
        <Stack gap="sm">
          <Title order={2} size="h4">
            Earlier
          </Title>
          <SessionList label="Earlier sessions">
            {ended.items.map((session) => (
              <SessionRow key={session.id} session={session} linked />
            ))}
          </SessionList>
          <LoadMore {...ended} />
        </Stack>
      )}
    </Page>
  );
}
