import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { Box } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useRef, useState } from 'react';
import { useParams } from 'react-router';
import { useSession, useSignedIn } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { BackLink } from '../../shell/links.tsx';
import { LoadingRows } from '../../shell/loading.tsx';
import { OfflineBanner } from '../../shell/offline-banner.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import '../terminal/terminal.css';
import { useVisibleViewport } from '../terminal/use-viewport.ts';
import { EndedView } from './ended-view.tsx';
import { LockedScreen } from './locked-screen.tsx';
import { useReadyNotice } from './ready-notice.tsx';
import { SessionBar } from './session-bar.tsx';
import { Terminals } from './terminals.tsx';
import { WaitingView } from './waiting-view.tsx';

/** One session, from the wait for its place to its end; the terminal gets all the room there is. */
export function SessionPage() {
  const { sessionId = '' } = useParams();
  const session = useSession(sessionId);
  const element = useRef<HTMLDivElement>(null);
  useVisibleViewport(element);
  const ready = useReadyNotice(session.data);
  useDocumentTitle(`${ready ? 'Ready: ' : ''}${session.data?.routerName ?? 'Session'} · NetPilot Bastion`);
  return (
    <div className="np-session" ref={element}>
      {session.data ? (
        <Loaded key={session.data.id} session={session.data} />
      ) : (
        <Box component="main" p="md" maw={720} w="100%" mx="auto">
          <BackLink to={paths.sessions()}>Sessions</BackLink>
          <Box mt="md">
            {session.error ? (
              <Trouble error={session.error} retry={() => void session.refetch()} />
            ) : (
              <LoadingRows rows={1} />
            )}
          </Box>
        </Box>
      )}
    </div>
  );
}

function Loaded({ session }: { session: Session }) {
  const me = useSignedIn();
  const mine = session.userId === me.id;
  const live = session.state === 'live' && mine;
  // Screens stay readable after the end, until the person leaves the page.
  const [seenLive, setSeenLive] = useState(live);
  if (live && !seenLive) setSeenLive(true);
  if (live && session.screenLockedAt !== null) {
    return (
      <>
        <SessionBar session={session} />
        <LockedScreen session={session} />
      </>
    );
  }
  if (seenLive) return <Terminals session={session} />;
  return (
    <>
      <SessionBar session={session} />
      <Box component="main" flex={1} style={{ overflow: 'auto' }} p="md">
        <OfflineBanner />
        {session.state === 'ended' ? <EndedView session={session} /> : <WaitingView session={session} mine={mine} />}
      </Box>
    </>
  );
}
