import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { Box, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { paths } from '../../routes/paths.ts';
import { StateDot } from '../../shell/state-dot.tsx';
import { Ago } from '../../shell/time.tsx';
import { END_WORDS, sessionState } from './session-words.ts';

interface SessionRowProps {
  session: Session;
  /** Whose it is, where several people's are shown. */
  showPerson?: boolean;
  linked?: boolean;
  /** More about it, below the line. */
  details?: ReactNode;
  actions?: ReactNode;
}

/** One session in a list: router, state, times, actions. */
export function SessionRow({ session, showPerson, linked, details, actions }: SessionRowProps) {
  const { words, tone } = sessionState(session);
  return (
    <Box component="li" className="np-surface np-card" aria-label={`Session on ${session.routerName}`}>
      <Group justify="space-between" gap="md">
        <Box flex="1 1 240px" miw={0}>
          {linked ? (
            <Link to={paths.session(session.id)} className="np-title-link">
              {session.routerName}
            </Link>
          ) : (
            <Text fw={650}>{session.routerName}</Text>
          )}
          <Group gap="md" mt={4} style={{ rowGap: 2 }}>
            <StateDot tone={tone}>{words}</StateDot>
            {showPerson && <Text size="sm">{session.userName}</Text>}
            <Text size="sm" c="dimmed">
              started <Ago at={session.createdAt} />
            </Text>
            {session.state === 'live' && session.lastActivityAt && (
              <Text size="sm" c="dimmed">
                last input <Ago at={session.lastActivityAt} />
              </Text>
            )}
            {session.endReason && (
              <Text size="sm" c="dimmed">
                {END_WORDS[session.endReason].title}
              </Text>
            )}
          </Group>
        </Box>
        {actions && (
          <Group gap="sm" className="np-actions">
            {actions}
          </Group>
        )}
      </Group>
      {details}
    </Box>
  );
}

/** The list around rows. */
export function SessionList({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Box component="ul" aria-label={label} p={0} m={0} style={{ listStyle: 'none', display: 'grid', gap: 12 }}>
      {children}
    </Box>
  );
}
