import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { Box, Group, Loader, Text } from '@mantine/core';
import { IconClock, IconEye, IconInfoCircle, IconMessage, IconPlayerPause } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Countdown } from '../../shell/time.tsx';
import type { Tone } from '../../shell/state-dot.tsx';
import { EndedActions, endWords } from './ended-view.tsx';

/** What interrupts a session or is about to, and what others do about it: a lost router, a limit coming, a pause, a watcher, its end. */
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
          <Warning {...session.warning} />
        </Banner>
      )}
      {session.state === 'live' && session.paused && (
        <Banner tone="warn" icon={<IconPlayerPause size={20} aria-hidden />}>
          <b>{session.paused.by} has paused this session.</b> What you type is held back until it goes on; what runs
          goes on running.
        </Banner>
      )}
      {session.state === 'live' && session.watchers.length > 0 && (
        <Banner tone="info" icon={<IconEye size={20} aria-hidden />}>
          <Watchers watchers={session.watchers} />
        </Banner>
      )}
      {session.state !== 'ended' && session.message && (
        <Banner key={session.message.at} tone="info" icon={<IconMessage size={20} aria-hidden />}>
          <b>{session.message.from}:</b> {session.message.text}
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

function Warning({ limit, at }: NonNullable<Session['warning']>) {
  switch (limit) {
    case 'screen_lock':
      return (
        <>
          <b>Nothing happens here.</b> The screen is locked in <Countdown at={at} />; press any key in a terminal to
          stay.
        </>
      );
    case 'idle':
      return (
        <>
          <b>Nothing happens here.</b> The session ends in <Countdown at={at} />, with everything that runs in it; press
          any key in a terminal to stay.
        </>
      );
    case 'lifetime':
      return (
        <>
          <b>The session reaches its longest time.</b> It ends in <Countdown at={at} />; finish what you are doing.
        </>
      );
  }
}

function Watchers({ watchers }: Pick<Session, 'watchers'>) {
  const named = (joined: boolean) => watchers.filter((watcher) => watcher.joined === joined).map(({ name }) => name);
  const [watching, joined] = [named(false), named(true)];
  return (
    <>
      {joined.length > 0 && (
        <>
          <b>{names(joined)}</b> {joined.length > 1 ? 'have' : 'has'} joined and may type.{' '}
        </>
      )}
      {watching.length > 0 && (
        <>
          <b>{names(watching)}</b> {watching.length > 1 ? 'are' : 'is'} watching.
        </>
      )}
    </>
  );
}

function names(list: readonly string[]): string {
  return new Intl.ListFormat('en').format(list);
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
