import { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { Button, Group, Loader, Text } from '@mantine/core';
import { IconLock, IconPlugConnected, IconPlugConnectedX } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { applySession } from '../../api/apply-event.ts';
import { request } from '../../api/client.ts';
import { Countdown } from '../../shell/time.tsx';
import type { Tone } from '../../shell/state-dot.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { aboutSeconds } from '../../shell/words-for-time.ts';
import { endWords } from '../sessions/ended-view.tsx';
import { EndSessionButton } from '../sessions/end-session-button.tsx';
import { useNetwork } from './network-context.tsx';
import { useOperation } from './use-operation.ts';

/** How the page reaches the router: the person's session from its place in the queue to its end, and the way back. */
export function ConnectionBar() {
  const { router, own, mayOperate } = useNetwork();
  const { session } = own;
  if (!mayOperate) {
    return (
      <Bar tone="idle" icon={<IconPlugConnectedX size={20} aria-hidden />}>
        You see what was stored last. Members with the role operator can connect and change things.
      </Bar>
    );
  }
  if (session === null || session.state === 'ended') {
    const offline = router.attachment === 'enrolled' && !router.tunnel.up;
    return (
      <>
        <Trouble error={own.error} />
        <Bar
          tone={offline ? 'warn' : 'idle'}
          icon={own.starting ? <Wait /> : <IconPlugConnectedX size={20} aria-hidden />}
          action={
            !offline && (
              <Button variant="default" mih={44} loading={own.starting} onClick={own.start}>
                Connect
              </Button>
            )
          }
        >
          {offline
            ? 'The router is offline. What you see was stored last.'
            : session
              ? `${endWords(session).title}. What you see was stored last.`
              : 'Connecting…'}
        </Bar>
      </>
    );
  }
  return <Present session={session} />;
}

function Present({ session }: { session: Session }) {
  const { warning, reconnecting } = session;
  if (session.state !== 'live') {
    return (
      <Bar tone="info" icon={<Wait />} action={<EndSessionButton session={session} />}>
        {waitInWords(session)}
      </Bar>
    );
  }
  if (reconnecting) {
    return (
      <Bar tone="warn" icon={<Wait />}>
        The router is away. The connection waits for it for another <Countdown at={reconnecting.until} />.
      </Bar>
    );
  }
  if (session.screenLockedAt) {
    return (
      <Bar tone="warn" icon={<IconLock size={20} aria-hidden />} action={<UnlockButton session={session} />}>
        Locked, because nothing happened for a while.
      </Bar>
    );
  }
  if (session.paused) {
    return (
      <Bar tone="warn" icon={<IconLock size={20} aria-hidden />}>
        Paused by {session.paused.by}. Nothing can be changed until they go on.
      </Bar>
    );
  }
  return (
    <Bar
      tone={warning ? 'warn' : 'good'}
      icon={<IconPlugConnected size={20} aria-hidden />}
      action={warning && warning.limit !== 'lifetime' ? <StayButton /> : <EndSessionButton session={session} />}
    >
      {warning ? (
        <>
          Connected; the connection {warning.limit === 'screen_lock' ? 'is locked' : 'ends'} in{' '}
          <Countdown at={warning.at} />
          {warning.limit === 'lifetime' ? ', as it has reached its longest time.' : ' unless you go on.'}
        </>
      ) : (
        'Connected to the router.'
      )}
    </Bar>
  );
}

/** Anything that the person asks for moves the limits of doing nothing. */
function StayButton() {
  const stay = useOperation('status.read');
  return (
    <Button variant="default" mih={44} loading={stay.isPending} onClick={() => stay.mutate({})}>
      Stay connected
    </Button>
  );
}

/** The way back behind the lock of a screen that nobody looked at. */
function UnlockButton({ session }: { session: Session }) {
  const client = useQueryClient();
  const unlock = useMutation({
    mutationFn: () => request({ method: 'POST', path: `/sessions/${session.id}/unlock`, answer: Session }),
    onSuccess: (now) => applySession(client, now),
  });
  return (
    <>
      <Button mih={44} loading={unlock.isPending} onClick={() => unlock.mutate()}>
        Continue
      </Button>
      <Trouble error={unlock.error} />
    </>
  );
}

function waitInWords({ state, queue, routerName }: Session): string {
  if (state === 'queued' && queue) {
    const place = queue.position === 1 ? 'You are next' : `You are number ${queue.position} in the line`;
    return queue.estimateSeconds === null ? `${place}.` : `${place}, ${aboutSeconds(queue.estimateSeconds)} to go.`;
  }
  if (state === 'starting') return 'Preparing the connection…';
  if (state === 'connecting') return `Connecting to ${routerName}…`;
  return state === 'ending' ? 'Ending…' : 'Asking for a connection…';
}

function Wait() {
  return <Loader size={18} color="var(--np-tone)" aria-hidden />;
}

interface BarProps {
  tone: Tone;
  icon: ReactNode;
  action?: ReactNode;
  children: ReactNode;
}

function Bar({ tone, icon, action, children }: BarProps) {
  return (
    <Group className="np-notice np-link" data-tone={tone} gap="sm" wrap="nowrap" role="status" aria-label="Connection">
      {icon}
      <Text component="div" size="sm" flex={1} miw={0}>
        {children}
      </Text>
      {action}
    </Group>
  );
}
