import { Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';

export type Tone = 'good' | 'warn' | 'bad' | 'idle' | 'info';

/** A state in words with a dot of its colour; the words carry the meaning, the colour only repeats it. */
export function StateDot({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <Group gap={8} wrap="nowrap" data-tone={tone} component="span" display="inline-flex">
      <span className="np-dot" data-live={tone === 'good' || undefined} aria-hidden />
      <Text component="span" size="sm" fw={550} className="np-tone">
        {children}
      </Text>
    </Group>
  );
}
