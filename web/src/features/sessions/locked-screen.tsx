import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { Button, Center, Group, Stack, Text, Title } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useLocation } from 'react-router';
import { api } from '../../api/calls.ts';
import { applySession } from '../../api/apply-event.ts';
import { isProblem } from '../../api/problem.ts';
import { signInAgainAddress } from '../../routes/paths.ts';
import { Countdown } from '../../shell/time.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { EndSessionButton } from './end-session-button.tsx';

/**
 * In the place of a session's terminals while its screen is locked. The api shows nothing either; a sign-in that came after the lock, as
 * when a person comes back from it, opens the screen by itself.
 */
export function LockedScreen({ session }: { session: Session }) {
  const client = useQueryClient();
  const { pathname, search } = useLocation();
  const unlock = useMutation({
    mutationFn: () => api.unlockSession(session.id),
    onSuccess: (shown) => applySession(client, shown),
  });
  const { mutate } = unlock;
  useEffect(() => mutate(), [mutate, session.screenLockedAt]);
  const signIn = useMutation({
    // Asked first, so that a sign-in which has run out is renewed: the address itself is no request of ours.
    mutationFn: () => api.me(),
    onSuccess: () => location.assign(signInAgainAddress(pathname + search)),
  });
  const needed = isProblem(unlock.error, 'sign_in_again');
  return (
    <Center component="main" flex={1} p="md">
      <Stack align="center" gap="md" maw={460} ta="center">
        <IconLock size={44} aria-hidden />
        <Title order={2} size="h3">
          The screen is locked
        </Title>
        <Text>
          Nothing was typed for a while. What runs in this session goes on
          {session.warning?.limit === 'idle' && (
            <>
              , and ends in <Countdown at={session.warning.at} />
            </>
          )}
          . Sign in again to see it.
        </Text>
        {!needed && <Trouble error={unlock.error} retry={() => mutate()} />}
        <Trouble error={signIn.error} />
        <Group justify="center" gap="sm">
          <Button mih={44} loading={unlock.isPending || signIn.isPending} onClick={() => signIn.mutate()}>
            Sign in again
          </Button>
          <EndSessionButton session={session} />
        </Group>
      </Stack>
    </Center>
  );
}
