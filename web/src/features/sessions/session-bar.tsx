import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { ActionIcon, Text } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { paths } from '../../routes/paths.ts';
import { StateDot } from '../../shell/state-dot.tsx';
import { sessionState } from './session-words.ts';

interface SessionBarProps {
  session: Session;
  /** Where the way back leads, and what it is called. */
  back?: { readonly to: string; readonly label: string };
  /** Pages that follow what is driven here. */
  followers?: number;
  children?: ReactNode;
}

const TO_ROUTERS = { to: paths.routers(), label: 'Back to routers' };

/** Top of a page that shows one session: the way back, which router, its state, and what can be done. */
export function SessionBar({ session, back = TO_ROUTERS, followers = 0, children }: SessionBarProps) {
  const { words, tone } = sessionState(session);
  return (
    <header className="np-session-bar">
      <ActionIcon
        component={Link}
        to={back.to}
        variant="subtle"
        size={44}
        c="var(--mantine-color-text)"
        aria-label={back.label}
      >
        <IconArrowLeft size={20} aria-hidden />
      </ActionIcon>
      <div className="np-session-name">
        <h1>{session.routerName}</h1>
        <span role="status" style={{ flex: 'none' }}>
          <StateDot tone={tone}>{words}</StateDot>
        </span>
        {followers > 0 && (
          <Text component="span" size="sm" c="dimmed" className="np-followers" role="status">
            {followers === 1 ? '1 page follows' : `${followers} pages follow`}
          </Text>
        )}
      </div>
      {children}
    </header>
  );
}
