import { type LockInput, type LockTarget } from '@netpilot/control-plane/contract/oversight.ts';
import { ROLES, type Role } from '@netpilot/control-plane/contract/people.ts';
import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { useMembers, useOrganisations, useRouters, useSignedIn } from '../../api/queries.ts';
import { Notice } from '../../shell/notice.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { administers } from '../organisations/rights.ts';
import { LOCK_TIMES } from './lock-words.ts';

interface LockDialogProps {
  /** The session that it began with: its person, router and organisation are chosen already. */
  session?: Session;
  onClose: () => void;
}

const KINDS: { value: LockTarget['type']; label: string }[] = [
  { value: 'user', label: 'A person' },
  { value: 'router', label: 'A router' },
  { value: 'role', label: 'Everybody with a role' },
  { value: 'organisation', label: 'The whole organisation' },
];

/** Sets a lock: what, why, until when. */
export function LockDialog({ session, onClose }: LockDialogProps) {
  const client = useQueryClient();
  const me = useSignedIn();
  const organisations = (useOrganisations().data?.items ?? []).filter(
    ({ id }) => me.platformAdministrator || administers(me, id),
  );
  const [organisationId, setOrganisationId] = useState(session?.organisationId ?? organisations[0]?.id ?? null);
  const [kind, setKind] = useState<LockTarget['type']>('user');
  const [userId, setUserId] = useState<string | null>(session?.userId ?? null);
  const [routerId, setRouterId] = useState<string | null>(session?.routerId ?? null);
  const [role, setRole] = useState<Role>('operator');
  const [message, setMessage] = useState('');
  const [time, setTime] = useState('8');

  const chosen: Record<LockTarget['type'], LockTarget | null> = {
    user: userId === null ? null : { type: 'user', userId },
    router: routerId === null ? null : { type: 'router', routerId },
    role: { type: 'role', role },
    organisation: { type: 'organisation' },
  };
  const target = chosen[kind];
  const set = useMutation({
    mutationFn: (input: LockInput) => api.setLock(input),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.locks });
      onClose();
    },
  });
  const submit = () => {
    if (target === null || organisationId === null) return;
    const hours = LOCK_TIMES.find(({ value }) => value === time)?.hours ?? null;
    const expiresAt = hours === null ? null : new Date(Date.now() + hours * 3_600_000).toISOString();
    set.mutate({ organisationId, target, message: message.trim(), expiresAt });
  };
  const known = organisations.some(({ id }) => id === organisationId);
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>New lock</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack>
          {organisations.length > 1 && known && (
            <Select
              label="Organisation"
              data={organisations.map(({ id, name }) => ({ value: id, label: name }))}
              value={organisationId}
              allowDeselect={false}
              onChange={(id) => {
                setOrganisationId(id);
                setUserId(null);
                setRouterId(null);
              }}
            />
          )}
          <Select
            label="What is locked"
            data={KINDS}
            value={kind}
            allowDeselect={false}
            onChange={(value) => setKind(value as LockTarget['type'])}
          />
          {organisationId !== null && kind === 'user' && (
            <PersonSelect organisationId={organisationId} session={session} value={userId} onChange={setUserId} />
          )}
          {organisationId !== null && kind === 'router' && (
            <RouterSelect organisationId={organisationId} session={session} value={routerId} onChange={setRouterId} />
          )}
          {kind === 'role' && (
            <Select
              label="Role"
              data={[...ROLES]}
              value={role}
              allowDeselect={false}
              onChange={(value) => setRole(value as Role)}
            />
          )}
          <TextInput
            label="Reason"
            description="Shown to those whom it holds."
            value={message}
            maxLength={300}
            autoComplete="off"
            data-autofocus
            onChange={({ currentTarget }) => setMessage(currentTarget.value)}
          />
          <Select
            label="For how long"
            data={LOCK_TIMES.map(({ value, label }) => ({ value, label }))}
            value={time}
            allowDeselect={false}
            onChange={(value) => setTime(value ?? '8')}
          />
          <Notice tone="warn">Sessions that it holds end within two seconds, with everything that runs in them.</Notice>
          <Trouble error={set.error} />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" mih={44} onClick={onClose}>
              Cancel
            </Button>
            <Button
              type="submit"
              color="red.9"
              mih={44}
              loading={set.isPending}
              disabled={target === null || organisationId === null || message.trim() === ''}
            >
              Lock
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

interface ThingSelectProps {
  organisationId: string;
  session: Session | undefined;
  value: string | null;
  onChange: (id: string | null) => void;
}

function PersonSelect({ organisationId, session, value, onChange }: ThingSelectProps) {
  const members = useMembers(organisationId).data?.items ?? [];
  const options = members.map((member) => ({ value: member.userId, label: `${member.name} (${member.role})` }));
  const missing = session !== undefined && !members.some(({ userId }) => userId === session.userId);
  return (
    <Select
      label="Person"
      data={missing ? [{ value: session.userId, label: session.userName }, ...options] : options}
      value={value}
      searchable
      onChange={onChange}
    />
  );
}

function RouterSelect({ organisationId, session, value, onChange }: ThingSelectProps) {
  const routers = useRouters(organisationId).items;
  const options = routers.map(({ id, name }) => ({ value: id, label: name }));
  const theirs = session?.routerId ?? null;
  const missing = session !== undefined && theirs !== null && !routers.some(({ id }) => id === theirs);
  return (
    <Select
      label="Router"
      data={missing ? [{ value: theirs, label: session.routerName }, ...options] : options}
      value={value}
      searchable
      onChange={onChange}
    />
  );
}
