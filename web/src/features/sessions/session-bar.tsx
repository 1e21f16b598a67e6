import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { ActionIcon } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { paths } from '../../routes/paths.ts';
import { StateDot } from '../../shell/state-dot.tsx';
import { sessionState } from './session-words.ts';

/** Top of the session page: the way back, which router, its state, and what can be done. */
export function SessionBar({ session, children }: { session: Session; children?: ReactNode }) {
  const { words, tone } = sessionState(session);
  return (
    <header className="np-session-bar">
      <ActionIcon
        component={Link}
        to={paths.routers()}
        variant="subtle"
        size={44}
        c="var(--mantine-color-text)"
        aria-label="Back to routers"
      >
        <IconArrowLeft size={20} aria-hidden />
      </ActionIcon>
      <div className="np-session-name">
        <h1>{session.routerName}</h1>
        <span role="status" style={{ flex: 'none' }}>
          <StateDot tone={tone}>{words}</StateDot>
        </span>
      </div>
      {children}
    </header>
  );
}
