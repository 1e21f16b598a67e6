import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { Button, Center, Group, Stack, Text, Title } from '@mantine/core';
import { IconRotateClockwise } from '@tabler/icons-react';
import { useSignedIn } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { LinkButton } from '../../shell/links.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { END_WORDS } from './session-words.ts';
import { useOpenSession } from './use-open-session.ts';

/** Why a session has ended and the ways on from here. */
export function EndedView({ session }: { session: Session }) {
  const words = endWords(session);
  return (
    <Center mih="100%">
      <Stack maw={480} w="100%" gap="lg" ta="center">
        <div role="status">
          <Title order={2} size="h3">
            {words.title}
          </Title>
          <Text c="dimmed" mt={4}>
            {words.advice}
          </Text>
          {session.endDetail && (
            <Text size="sm" c="dimmed" mt="sm">
              {session.endDetail}
            </Text>
          )}
        </div>
        <EndedActions session={session} />
      </Stack>
    </Center>
  );
}

/** Starting again on the same router, or going elsewhere. */
export function EndedActions({ session }: { session: Session }) {
  const me = useSignedIn();
  const open = useOpenSession();
  const { routerId } = session;
  return (
    <>
      <Trouble error={open.error} />
      <Group justify="center" gap="sm">
        {routerId && session.userId === me.id && (
          <Button
            mih={44}
            leftSection={<IconRotateClockwise size={18} aria-hidden />}
            loading={open.isPending}
            onClick={() => open.mutate(routerId)}
          >
            Start again
          </Button>
        )}
        <LinkButton to={paths.recordings({ sessionId: session.id })} variant="default" mih={44}>
          Recordings
        </LinkButton>
        <LinkButton to={routerId ? paths.router(routerId) : paths.routers()} variant="default" mih={44}>
          {routerId ? 'Go to the router' : 'Go to your routers'}
        </LinkButton>
      </Group>
    </>
  );
}

/** @returns the reason of an end in words. */
export function endWords({ endReason }: Session): { title: string; advice: string } {
  return endReason ? END_WORDS[endReason] : { title: 'This session has ended', advice: 'Start again to go on.' };
}
