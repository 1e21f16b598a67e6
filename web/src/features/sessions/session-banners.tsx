import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { Box, Group, Loader, Text } from '@mantine/core';
import { IconClock, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Countdown } from '../../shell/time.tsx';
import type { Tone } from '../../shell/state-dot.tsx';
import { EndedActions, endWords } from './ended-view.tsx';

/** What interrupts a session or is about to: a lost router, a limit coming, its end. */
export function SessionBanners({ session }: { session: Session }) {
  return (
    <>
      {session.state === 'live' && session.reconnecting && (
        <Banner tone="warn" icon={<Loader size={18} color="var(--np-tone)" aria-hidden />}>
          <b>Reconnecting to the router.</b> The session waits for it for another{' '}
          <Countdown at={session.reconnecting.until} />.
        </Banner>
      )}
      {session.state === 'live' && session.warning && (
        <Banner tone="warn" icon={<IconClock size={20} aria-hidden />}>
          {session.warning.limit === 'idle' ? (
            <>
              <b>Nothing happens here.</b> The session ends in <Countdown at={session.warning.at} />; press any key in a
              terminal to stay.
            </>
          ) : (
            <>
              <b>The session reaches its longest time.</b> It ends in <Countdown at={session.warning.at} />; finish what
              you are doing.
            </>
          )}
        </Banner>
      )}
      {session.state === 'ended' && (
        <Banner tone="info" icon={<IconInfoCircle size={20} aria-hidden />}>
          <Group justify="space-between" gap="sm">
            <Box flex="1 1 260px">
              <Text fw={650} size="sm">
                {endWords(session).title}
              </Text>
              <Text size="sm">{session.endDetail ?? endWords(session).advice}</Text>
            </Box>
            <EndedActions session={session} />
          </Group>
        </Banner>
      )}
    </>
  );
}

function Banner({ tone, icon, children }: { tone: Tone; icon: ReactNode; children: ReactNode }) {
  return (
    <div className="np-notice np-banner" data-tone={tone} role="alert">
      {icon}
      <Text component="div" size="sm" flex={1} miw={0}>
        {children}
      </Text>
    </div>
  );
}
