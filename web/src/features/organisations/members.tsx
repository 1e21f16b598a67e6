import { type Member, MemberInput } from '@netpilot/control-plane/contract/organisations.ts';
import type { Role } from '@netpilot/control-plane/contract/people.ts';
import { Box, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { useMembers, useSignedIn } from '../../api/queries.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { LoadingRows } from '../../shell/loading.tsx';
import { Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { ROLE_CHOICES, ROLE_WORDS } from './roles.ts';

interface MembersProps {
  organisationId: string;
  mayChange: boolean;
}

/** Who is in an organisation, with which role; owners and admins change it here. */
export function Members({ organisationId, mayChange }: MembersProps) {
  const members = useMembers(organisationId);
  const refresh = useRefresh(organisationId);
  const [removing, setRemoving] = useState<Member | null>(null);
  const me = useSignedIn();
  const change = useMutation({
    mutationFn: ({ userId, role }: { userId: string; role: Role }) =>
      api.changeMember(organisationId, userId, { role }),
    onSettled: refresh,
  });
  return (
    <Section title="Members">
      {members.isPending && <LoadingRows height={56} />}
      <Trouble error={members.error} retry={() => void members.refetch()} />
      <Trouble error={change.error} />
      <Box component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Members">
        {members.data?.items.map((member) => (
          <Group
            key={member.userId}
            component="li"
            justify="space-between"
            gap="sm"
            py="sm"
            style={{ borderBottom: '1px solid var(--np-line)' }}
          >
            <Box flex="1 1 200px" miw={0}>
              <Text fw={550}>
                {member.name}
                {member.userId === me.id && ' (you)'}
              </Text>
              <Text size="sm" c="dimmed">
                {member.email ?? 'no e-mail address'}
              </Text>
            </Box>
            {mayChange ? (
              <Group gap="sm">
                <Select
                  aria-label={`Role of ${member.name}`}
                  data={ROLE_CHOICES}
                  value={member.role}
                  allowDeselect={false}
                  disabled={change.isPending}
                  onChange={(role) => role && change.mutate({ userId: member.userId, role: role as Role })}
                  w={140}
                  size="md"
                />
                <Button
                  variant="default"
                  mih={44}
                  aria-label={`Remove ${member.name}`}
                  onClick={() => setRemoving(member)}
                >
                  {member.userId === me.id ? 'Leave' : 'Remove'}
                </Button>
              </Group>
            ) : (
              <Text size="sm">{ROLE_WORDS[member.role].name}</Text>
            )}
          </Group>
        ))}
      </Box>
      {mayChange && <AddMember organisationId={organisationId} />}
      <Confirm
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={`Remove ${removing?.name ?? ''}?`}
        action="Remove"
        danger
        onConfirm={async () => {
          if (removing) await api.removeMember(organisationId, removing.userId);
          await refresh();
        }}
      >
        They lose access at once, and their sessions on its routers end.
      </Confirm>
    </Section>
  );
}

function AddMember({ organisationId }: { organisationId: string }) {
  const refresh = useRefresh(organisationId);
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('operator');
  const [invalid, setInvalid] = useState(false);
  const add = useMutation({
    mutationFn: (input: MemberInput) => api.addMember(organisationId, input),
    onSuccess: () => {
      setEmail('');
      return refresh();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const parsed = MemberInput.safeParse({ email: email.trim(), role });
    setInvalid(!parsed.success);
    if (parsed.success) add.mutate(parsed.data);
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <Group align="flex-end" gap="sm">
          <TextInput
            label="E-mail address"
            type="email"
            value={email}
            onChange={({ currentTarget }) => setEmail(currentTarget.value)}
            error={invalid && 'This is not an e-mail address.'}
            flex="1 1 220px"
            size="md"
            autoComplete="off"
          />
          <Select
            label="Role"
            data={ROLE_CHOICES}
            value={role}
            allowDeselect={false}
            onChange={(value) => value && setRole(value as Role)}
            w={140}
            size="md"
          />
          <Button type="submit" mih={44} loading={add.isPending}>
            Add member
          </Button>
        </Group>
        <Text size="sm" c="dimmed">
          {ROLE_WORDS[role].may}. The person must have signed in here once before.
        </Text>
        <Trouble error={add.error} />
      </Stack>
    </form>
  );
}

function useRefresh(organisationId: string) {
  const client = useQueryClient();
  return async () => {
    await Promise.all([
      client.invalidateQueries({ queryKey: keys.members(organisationId) }),
      client.invalidateQueries({ queryKey: keys.me }),
      client.invalidateQueries({ queryKey: keys.organisations }),
    ]);
  };
}
