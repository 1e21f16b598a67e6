import type { LoginSession } from '@netpilot/control-plane/contract/people.ts';
import { Box, Button, Group, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconLogout } from '@tabler/icons-react';
import { useState } from 'react';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { useSignIns, useSignedIn } from '../../api/queries.ts';
import { useSignOut } from '../../shell/account-menu.tsx';
import { Confirm } from '../../shell/confirm.tsx';
import { LoadingRows } from '../../shell/loading.tsx';
import { Page, Section } from '../../shell/page.tsx';
import { StateDot } from '../../shell/state-dot.tsx';
import { Ago } from '../../shell/time.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { TerminalPreferences } from '../terminal/terminal-preferences.tsx';
import { deviceWords } from './device-words.ts';

/** The person's own account. */
export function AccountPage() {
  const me = useSignedIn();
  const signOut = useSignOut();
  return (
    <Page
      title="Account"
      lead={[me.name, me.email].filter(Boolean).join(' · ')}
      width={760}
      actions={
        <Button
          variant="default"
          mih={44}
          leftSection={<IconLogout size={18} aria-hidden />}
          loading={signOut.isPending}
          onClick={() => signOut.mutate()}
        >
          Sign out
        </Button>
      }
    >
      <Trouble error={signOut.error} />
      <SignIns />
      <Section title="Terminal">
        <TerminalPreferences />
      </Section>
    </Page>
  );
}

function SignIns() {
  const client = useQueryClient();
  const signIns = useSignIns();
  const [asking, setAsking] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: keys.signIns });
  const end = useMutation({ mutationFn: api.endSignIn, onSettled: refresh });
  const items = signIns.data?.items ?? [];
  return (
    <Section
      title="Where you are signed in"
      actions={
        items.length > 1 && (
          <Button variant="default" mih={44} onClick={() => setAsking(true)}>
            Sign out everywhere else
          </Button>
        )
      }
    >
      {signIns.isPending && <LoadingRows rows={2} height={52} />}
      <Trouble error={signIns.error} retry={() => void signIns.refetch()} />
      <Trouble error={end.error} />
      <Box component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Sign-ins">
        {items.map((signIn) => (
          <SignInRow
            key={signIn.id}
            signIn={signIn}
            busy={end.isPending && end.variables === signIn.id}
            onEnd={() => end.mutate(signIn.id)}
          />
        ))}
      </Box>
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title="Sign out everywhere else?"
        action="Sign out everywhere else"
        danger
        onConfirm={async () => {
          await api.endOtherSignIns();
          await refresh();
        }}
      >
        All other devices have to sign in again. You stay signed in here.
      </Confirm>
    </Section>
  );
}

function SignInRow({ signIn, busy, onEnd }: { signIn: LoginSession; busy: boolean; onEnd: () => void }) {
  const device = deviceWords(signIn.userAgent);
  return (
    <Group component="li" justify="space-between" gap="sm" py="sm" style={{ borderBottom: '1px solid var(--np-line)' }}>
      <Box flex="1 1 220px" miw={0}>
        <Text fw={550}>{device}</Text>
        <Text size="sm" c="dimmed">
          {signIn.address ?? 'unknown address'} · used <Ago at={signIn.lastUsedAt} />
        </Text>
      </Box>
      {signIn.current ? (
        <StateDot tone="good">This device</StateDot>
      ) : (
        <Button variant="default" mih={44} loading={busy} onClick={onEnd} aria-label={`Sign out ${device}`}>
          Sign out
        </Button>
      )}
    </Group>
  );
}
