import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { paths } from '../../routes/paths.ts';
import { LinkButton } from '../../shell/links.tsx';

/** The way back to what the person already runs on a router: to the session itself, or to the list when there are several. */
export function RunningSessions({ sessions }: { sessions: Session[] }) {
  const [first] = sessions;
  if (!first) return null;
  const several = sessions.length > 1;
  return (
    <LinkButton to={several ? paths.sessions() : paths.session(first.id)} variant="default" mih={44}>
      {several ? `${sessions.length} sessions` : 'Back to session'}
    </LinkButton>
  );
}
