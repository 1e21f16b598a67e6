import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import type { TerminalStatus } from '@netpilot/control-plane/contract/terminal-frames.ts';
import { Box, Button, Center, Group, SegmentedControl, Text } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { IconEye, IconKeyboard } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useParams } from 'react-router';
import { useOverseenTerminals, useSession } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { LoadingRows } from '../../shell/loading.tsx';
import { OfflineBanner } from '../../shell/offline-banner.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { endWords } from '../sessions/ended-view.tsx';
import { SessionBar } from '../sessions/session-bar.tsx';
import type { AttachmentState } from '../terminal/attach.ts';
import '../terminal/terminal.css';
import { useVisibleViewport } from '../terminal/use-viewport.ts';
import './oversight.css';
import { SessionActions } from './session-actions.tsx';
import { WatchedTerminal } from './watched-terminal.tsx';

/** Somebody else's session as they see it now, in a frame that says so. */
export function WatchPage() {
  const { sessionId = '' } = useParams();
  const session = useSession(sessionId);
  const element = useRef<HTMLDivElement>(null);
  useVisibleViewport(element);
  useDocumentTitle(`Watching ${session.data?.userName ?? ''} · NetPilot Bastion`);
  return (
    <div className="np-session" ref={element}>
      {session.data ? (
        <Watch session={session.data} />
      ) : (
        <Box component="main" p="md">
          <Trouble error={session.error} retry={() => void session.refetch()} />
          {session.isPending && <LoadingRows rows={1} />}
        </Box>
      )}
    </div>
  );
}

const TO_OVERSIGHT = { to: paths.oversight(), label: 'Back to oversight' };

function Watch({ session }: { session: Session }) {
  return (
    <>
      <SessionBar session={session} back={TO_OVERSIGHT}>
        {session.state !== 'ended' && <SessionActions session={session} watchable={false} />}
      </SessionBar>
      <OfflineBanner />
      {session.state === 'live' ? (
        <Terminals session={session} />
      ) : (
        <Center component="main" flex={1} p="md">
          <Text c="dimmed">
            {session.state === 'ended' ? endWords(session).title : 'There is nothing to watch until it is connected.'}
          </Text>
        </Center>
      )}
    </>
  );
}

function Terminals({ session }: { session: Session }) {
  const list = useOverseenTerminals(session.id);
  const [chosen, setChosen] = useState<number | null>(null);
  const [joined, setJoined] = useState(false);
  const [state, setState] = useState<AttachmentState>('connecting');
  const [status, setStatus] = useState<TerminalStatus | null>(null);
  const [takeOver, setTakeOver] = useState<(() => void) | null>(null);
  const terminals = list.data?.items ?? [];
  const shown = terminals.find(({ id }) => id === chosen) ?? terminals[0];
  const drives = status?.role === 'driver';
  return (
    <main className="np-workplace np-watch" data-joined={joined || undefined}>
      <div className="np-watch-label" role="status">
        <IconEye size={18} aria-hidden />
        <b>{joined ? `You have joined ${session.userName}` : `You are watching ${session.userName}`}</b>
        <span>{watchWords(state, status, drives)}</span>
      </div>
      <Group gap="sm" p="xs" wrap="wrap">
        {terminals.length > 1 && shown && (
          <SegmentedControl
            aria-label="Terminal"
            data={terminals.map(({ id, ran }) => ({ value: String(id), label: ran ?? `Terminal ${id}` }))}
            value={String(shown.id)}
            onChange={(id) => setChosen(Number(id))}
          />
        )}
        {!joined && shown && (
          <Button
            variant="default"
            mih={44}
            leftSection={<IconKeyboard size={18} aria-hidden />}
            onClick={() => setJoined(true)}
          >
            Join
          </Button>
        )}
        {joined && (
          <>
            <Button mih={44} disabled={drives || takeOver === null} onClick={() => takeOver?.()}>
              {drives ? 'You type' : 'Take over'}
            </Button>
            <Button variant="default" mih={44} onClick={() => setJoined(false)}>
              Only watch
            </Button>
          </>
        )}
      </Group>
      <Trouble error={list.error} retry={() => void list.refetch()} />
      {shown ? (
        <div className="np-watch-frame np-screens">
          <WatchedTerminal
            key={`${shown.id} ${String(joined)}`}
            sessionId={session.id}
            terminalId={shown.id}
            joined={joined}
            onState={setState}
            onStatus={setStatus}
            onTakeOver={(call) => setTakeOver(() => call)}
          />
        </div>
      ) : (
        <Center flex={1} p="md">
          <Text c="dimmed">{list.isPending ? 'Looking for terminals…' : 'No terminal is open.'}</Text>
        </Center>
      )}
    </main>
  );
}

function watchWords(state: AttachmentState, status: TerminalStatus | null, drives: boolean): string {
  if (state === 'connecting' || state === 'reconnecting') return 'Connecting…';
  if (state === 'gone') return 'This terminal is closed, or not yours to see any more.';
  if (state === 'ended') return 'The session has ended.';
  if (status?.trouble) return 'Nothing is shown, because it cannot be recorded.';
  if (drives) return 'What you type goes to the router.';
  return status?.driver ? `${status.driver.name} types.` : 'Nobody types.';
}
