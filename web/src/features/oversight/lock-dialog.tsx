import { type LockInput, type LockTarget } from '@netpilot/control-plane/contract/oversight.ts';
import { ROLES, type Role } from '@netpilot/control-plane/contract/people.ts';
import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { useMembers, useOrganisation, useOrganisations, useRouters, useSignedIn, useUsers } from '../../api/queries.ts';
import { Notice } from '../../shell/notice.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { administers } from '../organisations/rights.ts';
import { LOCK_TIMES } from './lock-words.ts';

interface LockDialogProps {
  /** The session that it began with: its person, router and organisation are chosen already. */
  session?: Session;
  onClose: () => void;
}

/** In the place of an organisation: a person is locked in every one. */
const EVERYWHERE = 'everywhere';

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
  const organisations = (useOrganisations().data?.items ?? []).filter(({ id }) => administers(me, id));
  const theirs = useOrganisation(session?.organisationId ?? null).data;
  const places = [
    ...organisations.map(({ id, name }) => ({ value: id, label: name })),
    ...(theirs && !organisations.some(({ id }) => id === theirs.id) ? [{ value: theirs.id, label: theirs.name }] : []),
    ...(me.platformAdministrator ? [{ value: EVERYWHERE, label: 'Everywhere' }] : []),
  ];
  const [place, setPlace] = useState(session?.organisationId ?? places[0]?.value ?? EVERYWHERE);
  const organisationId = place === EVERYWHERE ? null : place;
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
  const target = organisationId === null ? chosen.user : chosen[kind];
  const set = useMutation({
    mutationFn: (input: LockInput) => api.setLock(input),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.locks });
      onClose();
    },
  });
  const submit = () => {
    if (target === null) return;
    const hours = LOCK_TIMES.find(({ value }) => value === time)?.hours ?? null;
    const expiresAt = hours === null ? null : new Date(Date.now() + hours * 3_600_000).toISOString();
    set.mutate({ organisationId, target, message: message.trim(), expiresAt });
  };
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>New lock</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack>
          {places.length > 1 && (
            <Select
              size="md"
              label="Organisation"
              data={places}
              value={place}
              allowDeselect={false}
              onChange={(id) => {
                setPlace(id ?? EVERYWHERE);
                setUserId(null);
                setRouterId(null);
              }}
            />
          )}
          {organisationId !== null && (
            <Select
              size="md"
              label="What is locked"
              data={KINDS}
              value={kind}
              allowDeselect={false}
              onChange={(value) => setKind(value as LockTarget['type'])}
            />
          )}
          {organisationId === null && <AnybodySelect value={userId} onChange={setUserId} />}
          {organisationId !== null && kind === 'user' && (
            <PersonSelect organisationId={organisationId} session={session} value={userId} onChange={setUserId} />
          )}
          {organisationId !== null && kind === 'router' && (
            <RouterSelect organisationId={organisationId} session={session} value={routerId} onChange={setRouterId} />
          )}
          {organisationId !== null && kind === 'role' && (
            <Select
              size="md"
              label="Role"
              data={[...ROLES]}
              value={role}
              allowDeselect={false}
              onChange={(value) => setRole(value as Role)}
            />
          )}
          <TextInput
            size="md"
            label="Reason"
            description="Shown to those whom it holds."
            value={message}
            maxLength={300}
            autoComplete="off"
            data-autofocus
            onChange={({ currentTarget }) => setMessage(currentTarget.value)}
          />
          <Select
            size="md"
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
              disabled={target === null || message.trim() === ''}
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

/** Anybody on the bastion, for the platform administrator. */
function AnybodySelect({ value, onChange }: Pick<ThingSelectProps, 'value' | 'onChange'>) {
  const users = useUsers().items;
  return (
    <Select
      size="md"
      label="Person"
      data={users.map(({ id, name, email }) => ({ value: id, label: email === null ? name : `${name} (${email})` }))}
      value={value}
      searchable
      onChange={onChange}
    />
  );
}

function PersonSelect({ organisationId, session, value, onChange }: ThingSelectProps) {
  const members = useMembers(organisationId).data?.items ?? [];
  const options = members.map((member) => ({ value: member.userId, label: `${member.name} (${member.role})` }));
  const missing = session !== undefined && !members.some(({ userId }) => userId === session.userId);
  return (
    <Select
      size="md"
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
      size="md"
      label="Router"
      data={missing ? [{ value: theirs, label: session.routerName }, ...options] : options}
      value={value}
      searchable
      onChange={onChange}
    />
  );
}
