import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { Center, Group, Loader, Stack, Text, Title } from '@mantine/core';
import { IconCircleCheck, IconCircleDashed } from '@tabler/icons-react';
import { useNow } from '../../shell/time.tsx';
import { aboutSeconds } from '../../shell/words-for-time.ts';
import { EndSessionButton } from './end-session-button.tsx';
import { ReadyNoticeButton } from './ready-notice.tsx';
import { STEPS, sessionState, stepsDone } from './session-words.ts';

/** A session on its way: the place in the queue with an honest estimate, then how far its start has come. */
export function WaitingView({ session, mine }: { session: Session; mine: boolean }) {
  return (
    <Center mih="100%">
      <Stack maw={440} w="100%" align="center" gap="lg" ta="center">
        {mine ? (
          <>
            <Headline session={session} />
            <Steps session={session} />
          </>
        ) : (
          <div>
            <Title order={2} size="h3">
              This session belongs to {session.userName}
            </Title>
            <Text c="dimmed" mt={4}>
              It is {sessionState(session).words.toLowerCase()}. Only they can use its terminals.
            </Text>
          </div>
        )}
        {mine && session.state === 'queued' && <ReadyNoticeButton />}
        {session.state !== 'ending' && <EndSessionButton session={session} />}
      </Stack>
    </Center>
  );
}

function Headline({ session }: { session: Session }) {
  const waited = Math.floor((useNow() - Date.parse(session.createdAt)) / 1_000);
  const { queue } = session;
  if (session.state === 'queued' && queue) {
    return (
      <div role="status">
        <Title order={2} size="h3">
          {queue.position === 1 ? 'You are next' : `You are number ${queue.position}`}
        </Title>
        <Text c="dimmed" mt={4}>
          {queue.estimateSeconds === null
            ? 'All places are taken. It starts by itself as soon as one is free.'
            : `It starts by itself, in ${aboutSeconds(queue.estimateSeconds)}.`}
        </Text>
      </div>
    );
  }
  const words = {
    requested: 'Asking for a place…',
    queued: 'Waiting for a place…',
    starting: 'Starting your container…',
    connecting: `Connecting to ${session.routerName}…`,
    live: 'Connected',
    ending: 'Ending…',
    ended: 'Ended',
  }[session.state];
  return (
    <div role="status">
      <Title order={2} size="h3">
        {words}
      </Title>
      {waited > 15 && session.state === 'connecting' && (
        <Text c="dimmed" mt={4}>
          This router takes its time. It is given up to half a minute.
        </Text>
      )}
    </div>
  );
}

function Steps({ session }: { session: Session }) {
  const done = stepsDone(session.state);
  return (
    <Group component="ol" gap="xl" p={0} m={0} justify="center" style={{ listStyle: 'none' }} aria-label="Progress">
      {STEPS.map((step, index) => (
        <Group key={step} component="li" gap={6} data-tone={index < done ? 'good' : 'idle'} className="np-tone">
          {index < done && <IconCircleCheck size={20} aria-hidden />}
          {index === done && <Loader size={18} aria-hidden />}
          {index > done && <IconCircleDashed size={20} aria-hidden />}
          <Text component="span" size="sm" fw={index === done ? 650 : 500}>
            {step}
          </Text>
        </Group>
      ))}
    </Group>
  );
}
