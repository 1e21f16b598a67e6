import type { AuditEvent } from '@netpilot/control-plane/contract/audit.ts';
import { Box, Group, Text } from '@mantine/core';
import { AUDIT_WORDS, detailsLine } from './audit-words.ts';

/** Entries of an audit trail. */
export function AuditList({ events }: { events: readonly AuditEvent[] }) {
  return (
    <Box component="ol" className="np-surface" m={0} p={0} style={{ listStyle: 'none' }} aria-label="Audit entries">
      {events.map((event, index) => (
        <Group
          key={event.id}
          component="li"
          gap="xs"
          px="md"
          py={10}
          align="baseline"
          style={index > 0 ? { borderTop: '1px solid var(--np-line)' } : undefined}
        >
          <Text
            component="time"
            dateTime={event.at}
            size="sm"
            c="dimmed"
            w={{ base: '100%', sm: 190 }}
            style={{ fontVariantNumeric: 'tabular-nums' }}
          >
            {new Date(event.at).toLocaleString()}
          </Text>
          <Box flex="1 1 240px" miw={0}>
            <Text size="sm">
              <b>{event.actorName ?? 'The bastion'}</b> {AUDIT_WORDS[event.action]}
            </Text>
            <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
              {detailsLine(event)}
            </Text>
          </Box>
        </Group>
      ))}
    </Box>
  );
}
