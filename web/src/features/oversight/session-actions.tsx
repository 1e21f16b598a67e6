import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { ActionIcon, Menu } from '@mantine/core';
import {
  IconDots,
  IconEye,
  IconLock,
  IconMessage,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
} from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/calls.ts';
import { applySession } from '../../api/apply-event.ts';
import { paths } from '../../routes/paths.ts';
import { LinkButton } from '../../shell/links.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { EndSessionQuestion } from '../sessions/end-session-button.tsx';
import { LockDialog } from './lock-dialog.tsx';
import { MessageDialog } from './message-dialog.tsx';

type Asking = 'end' | 'message' | 'lock' | null;

/** What can be done about a running session of somebody's. */
export function SessionActions({ session, watchable = true }: { session: Session; watchable?: boolean }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState<Asking>(null);
  const close = () => setAsking(null);
  const hold = useMutation({
    mutationFn: () => (session.paused ? api.resumeSession(session.id) : api.pauseSession(session.id)),
    onSuccess: (changed) => applySession(client, changed),
  });
  const live = session.state === 'live';
  return (
    <>
      <div className="np-oversight-buttons">
        {watchable && live && (
          <LinkButton
            to={paths.watch(session.id)}
            variant="default"
            mih={44}
            leftSection={<IconEye size={18} aria-hidden />}
            aria-label={`Watch ${session.userName} on ${session.routerName}`}
          >
            Watch
          </LinkButton>
        )}
        <Menu position="bottom-end" width={220}>
          <Menu.Target>
            <ActionIcon
              variant="default"
              size={44}
              loading={hold.isPending}
              aria-label={`More about the session of ${session.userName} on ${session.routerName}`}
            >
              <IconDots size={20} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {live && (
              <Menu.Item
                mih={44}
                leftSection={
                  session.paused ? <IconPlayerPlay size={18} aria-hidden /> : <IconPlayerPause size={18} aria-hidden />
                }
                onClick={() => hold.mutate()}
              >
                {session.paused ? 'Let input go on' : 'Pause input'}
              </Menu.Item>
            )}
            <Menu.Item
              mih={44}
              leftSection={<IconMessage size={18} aria-hidden />}
              onClick={() => setAsking('message')}
            >
              Send a message…
            </Menu.Item>
            <Menu.Item mih={44} leftSection={<IconLock size={18} aria-hidden />} onClick={() => setAsking('lock')}>
              Lock…
            </Menu.Item>
            <Menu.Divider />
            <Menu.Item
              mih={44}
              color="var(--np-bad)"
              leftSection={<IconPlayerStop size={18} aria-hidden />}
              onClick={() => setAsking('end')}
            >
              End session…
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      <Trouble error={hold.error} />
      <EndSessionQuestion session={session} opened={asking === 'end'} onClose={close} />
      {asking === 'message' && <MessageDialog session={session} onClose={close} />}
      {asking === 'lock' && <LockDialog session={session} onClose={close} />}
    </>
  );
}
