import type { User } from '@netpilot/control-plane/contract/people.ts';
import { Badge, Box, Button, Group, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { useSignedIn, useUsers } from '../../api/queries.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { LoadingRows } from '../../shell/loading.tsx';
import { LoadMore } from '../../shell/load-more.tsx';
import { Page } from '../../shell/page.tsx';
import { Ago } from '../../shell/time.tsx';
import { Trouble } from '../../shell/trouble.tsx';

type Question = { user: User; kind: 'disable' | 'enable' | 'revoke' };

const QUESTIONS = {
  disable: {
    action: 'Disable',
    text: 'They are signed out everywhere, their sessions end, and they cannot sign in until they are enabled again.',
  },
  enable: { action: 'Enable', text: 'They can sign in again.' },
  revoke: { action: 'Sign out everywhere', text: 'All their sign-ins end. They can sign in again at once.' },
} as const;

/** All people of the bastion. */
export function UsersPage() {
  const me = useSignedIn();
  const users = useUsers();
  const client = useQueryClient();
  const [question, setQuestion] = useState<Question | null>(null);
  const answer = async () => {
    if (!question) return;
    if (question.kind === 'revoke') await api.revokeUser(question.user.id);
    else await api.changeUser(question.user.id, { disabled: question.kind === 'disable' });
    await client.invalidateQueries({ queryKey: keys.users });
  };
  return (
    <Page title="Users" lead="Everybody who has signed in to this bastion.">
      <Trouble error={users.error} retry={() => void users.refetch()} />
      {users.isPending && <LoadingRows height={72} />}
      <Box component="ul" p={0} m={0} style={{ listStyle: 'none', display: 'grid', gap: 12 }} aria-label="Users">
        {users.items.map((user) => (
          <UserRow key={user.id} user={user} self={user.id === me.id} onAsk={(kind) => setQuestion({ user, kind })} />
        ))}
      </Box>
      <LoadMore {...users} />
      <Confirm
        opened={question !== null}
        onClose={() => setQuestion(null)}
        title={question ? `${QUESTIONS[question.kind].action}: ${question.user.name}` : ''}
        action={question ? QUESTIONS[question.kind].action : ''}
        danger={question?.kind !== 'enable'}
        onConfirm={answer}
      >
        {question && QUESTIONS[question.kind].text}
      </Confirm>
    </Page>
  );
}

function UserRow({ user, self, onAsk }: { user: User; self: boolean; onAsk: (kind: Question['kind']) => void }) {
  return (
    <Box component="li" className="np-surface np-card" aria-label={user.name}>
      <Group justify="space-between" gap="md">
        <Box flex="1 1 240px" miw={0}>
          <Group gap="sm">
            <Text fw={650}>{user.name}</Text>
            {user.platformAdministrator && (
              <Badge variant="default" tt="none">
                Platform administrator
              </Badge>
            )}
            {user.disabled && (
              <Text size="sm" fw={550} data-tone="bad" className="np-tone">
                Disabled
              </Text>
            )}
          </Group>
          <Text size="sm" c="dimmed">
            {user.email ?? 'no e-mail address'} ·{' '}
            {user.lastSignInAt ? (
              <>
                signed in <Ago at={user.lastSignInAt} />
              </>
            ) : (
              'never signed in'
            )}
          </Text>
        </Box>
        {!self && (
          <Group gap="sm" className="np-actions">
            <Button variant="default" mih={44} onClick={() => onAsk('revoke')}>
              Sign out everywhere
            </Button>
            <Button variant="default" mih={44} onClick={() => onAsk(user.disabled ? 'enable' : 'disable')}>
              {user.disabled ? 'Enable' : 'Disable'}
            </Button>
          </Group>
        )}
      </Group>
    </Box>
  );
}
