import type { Lock } from '@netpilot/control-plane/contract/oversight.ts';
import { Box, Button, Group, Text } from '@mantine/core';
import { IconLock, IconLockOpen } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { Empty } from '../../shell/loading.tsx';
import { Ago } from '../../shell/time.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { lockedThing } from './lock-words.ts';
import { OrganisationName } from './organisation-name.tsx';

/** The locks that stand, and lifting one. */
export function LockList({ locks, onAdd }: { locks: readonly Lock[]; onAdd: () => void }) {
  if (locks.length === 0) {
    return (
      <Empty
        icon={<IconLock size={40} />}
        title="Nothing is locked"
        action={
          <Button mih={44} onClick={onAdd}>
            Set a lock
          </Button>
        }
      >
        A lock on a person, router, organisation or role ends their sessions at once and lets no new ones start.
      </Empty>
    );
  }
  return (
    <Box component="ul" aria-label="Locks" p={0} m={0} style={{ listStyle: 'none', display: 'grid', gap: 12 }}>
      {locks.map((lock) => (
        <LockRow key={lock.id} lock={lock} />
      ))}
    </Box>
  );
}

function LockRow({ lock }: { lock: Lock }) {
  const client = useQueryClient();
  const lift = useMutation({
    mutationFn: () => api.liftLock(lock.id),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.locks }),
  });
  return (
    <Box component="li" className="np-surface np-card" aria-label={lockedThing(lock)}>
      <Group justify="space-between" gap="md">
        <Box flex="1 1 260px" miw={0}>
          <Text fw={650}>{lockedThing(lock)}</Text>
          <Text size="sm">{lock.message}</Text>
          <Text size="sm" c="dimmed" mt={4}>
            {lock.organisationId === null ? 'Everywhere' : <OrganisationName id={lock.organisationId} />} · by{' '}
            {lock.createdBy} <Ago at={lock.createdAt} /> ·{' '}
            {lock.expiresAt === null ? 'until it is lifted' : `until ${new Date(lock.expiresAt).toLocaleString()}`}
          </Text>
        </Box>
        <Group gap="sm" className="np-actions">
          <Button
            variant="default"
            mih={44}
            leftSection={<IconLockOpen size={18} aria-hidden />}
            loading={lift.isPending}
            onClick={() => lift.mutate()}
          >
            Lift
          </Button>
        </Group>
      </Group>
      <Trouble error={lift.error} />
    </Box>
  );
}
