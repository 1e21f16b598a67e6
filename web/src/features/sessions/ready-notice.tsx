import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { Button } from '@mantine/core';
import { IconBell } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';

const supported = () => 'Notification' in window;

/** Offers to say when a waiting session is ready; nothing where the browser cannot, or was told already. */
export function ReadyNoticeButton() {
  const [permission, setPermission] = useState(supported() ? Notification.permission : 'denied');
  if (permission !== 'default') return null;
  return (
    <Button
      variant="subtle"
      mih={44}
      leftSection={<IconBell size={18} aria-hidden />}
      onClick={() => void Notification.requestPermission().then(setPermission)}
    >
      Tell me when it is ready
    </Button>
  );
}

/**
 * Says that a session which waited in the queue has become live, while nobody looks at its page.
 * @returns true from then on until the page is looked at, for its title.
 */
export function useReadyNotice(session: Session | undefined): boolean {
  const waited = useRef(false);
  const [unseen, setUnseen] = useState(false);
  const state = session?.state;
  const routerName = session?.routerName;
  useEffect(() => {
    if (state === 'queued') waited.current = true;
    if (state !== 'live' || !waited.current) return undefined;
    waited.current = false;
    if (!document.hidden) return undefined;
    setUnseen(true);
    let notice: Notification | null = null;
    try {
      if (supported() && Notification.permission === 'granted') {
        notice = new Notification('Your session is ready', { body: routerName ?? '', tag: 'netpilot-session' });
        notice.addEventListener('click', () => window.focus());
      }
    } catch {
      // Some phones allow notifications from service workers only; the title still says it.
    }
    const look = () => {
      if (document.hidden) return;
      setUnseen(false);
      notice?.close();
      document.removeEventListener('visibilitychange', look);
    };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [state, routerName]);
  return unseen;
}
