import { Group, Loader, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useLiveState } from './live.tsx';

/** Milliseconds for which a break stays quiet: a restart of the api heals by itself. */
const PATIENCE = 1_500;

/** Says that the page is not live. What it shows stays visible, as old as it is. */
export function OfflineBanner() {
  const lost = useLiveState() === 'lost';
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(lost), lost ? PATIENCE : 0);
    return () => clearTimeout(timer);
  }, [lost]);
  if (!shown) return null;
  return (
    <Group
      role="alert"
      data-tone="warn"
      gap="sm"
      justify="center"
      px="md"
      py={6}
      style={{ background: 'var(--np-soft)', borderBottom: '1px solid var(--np-line)' }}
    >
      <Loader size={14} color="var(--np-tone)" aria-hidden />
      <Text size="sm" fw={550} className="np-tone">
        No connection to the bastion – trying again. What you see may be out of date.
      </Text>
    </Group>
  );
}
