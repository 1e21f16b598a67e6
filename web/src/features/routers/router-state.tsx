import type { Router } from '@netpilot/control-plane/contract/routers.ts';
import { Group, Text } from '@mantine/core';
import { Ago } from '../../shell/time.tsx';
import { StateDot, type Tone } from '../../shell/state-dot.tsx';

/** @returns the state of a router in words and its tone. */
export function routerState(router: Router): { tone: Tone; words: string } {
  if (router.tunnel.up) return { tone: 'good', words: 'Online' };
  if (router.attachment === 'enrolled' && router.enrolledAt === null) return { tone: 'warn', words: 'Not set up yet' };
  if (router.attachment === 'manual' && router.tunnel.lastSeenAt === null)
    return { tone: 'warn', words: 'Not seen yet' };
  return { tone: 'bad', words: 'Offline' };
}

/** State, latency and last sign of life of a router, live. */
export function RouterStateLine({ router }: { router: Router }) {
  const { tone, words } = routerState(router);
  const { up, latencyMs, lastSeenAt, since } = router.tunnel;
  return (
    <Group gap="md" style={{ rowGap: 2 }}>
      <StateDot tone={tone}>{words}</StateDot>
      {up && latencyMs !== null && (
        <Text size="sm" c="dimmed">
          {latencyMs < 1 ? 'under 1' : Math.round(latencyMs)} ms
        </Text>
      )}
      {up && since && (
        <Text size="sm" c="dimmed">
          came up <Ago at={since} />
        </Text>
      )}
      {!up && lastSeenAt && (
        <Text size="sm" c="dimmed">
          last seen <Ago at={lastSeenAt} />
        </Text>
      )}
    </Group>
  );
}
