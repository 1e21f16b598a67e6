import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { Button, type ButtonProps } from '@mantine/core';
import { IconPlayerStop } from '@tabler/icons-react';
import { useState } from 'react';
import { Confirm } from '../../shell/confirm.tsx';
import { useEndSession } from './use-open-session.ts';

/** Ends a session after asking; one that still waits is cancelled without asking. */
export function EndSessionButton({ session, ...props }: { session: Session } & ButtonProps) {
  const [asking, setAsking] = useState(false);
  const end = useEndSession();
  const waiting = session.state === 'requested' || session.state === 'queued';
  return (
    <>
      <Button
        variant="default"
        mih={44}
        {...props}
        leftSection={<IconPlayerStop size={18} aria-hidden />}
        loading={end.isPending || session.state === 'ending'}
        onClick={() => (waiting ? end.mutate(session.id) : setAsking(true))}
      >
        {waiting ? 'Cancel' : 'End session'}
      </Button>
      <EndSessionQuestion session={session} opened={asking} onClose={() => setAsking(false)} />
    </>
  );
}

interface EndSessionQuestionProps {
  session: Session;
  opened: boolean;
  onClose: () => void;
}

/** Asks before a session is ended, and ends it. */
export function EndSessionQuestion({ session, opened, onClose }: EndSessionQuestionProps) {
  const end = useEndSession();
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title="End this session?"
      action="End it now"
      danger
      onConfirm={() => end.mutateAsync(session.id)}
    >
      Programs running in the terminals of {session.routerName} are stopped and the container is destroyed. The router
      itself stays as it is.
    </Confirm>
  );
}
