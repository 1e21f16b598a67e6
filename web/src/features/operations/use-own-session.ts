import type { Router } from '@netpilot/control-plane/contract/routers.ts';
import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { applySession } from '../../api/apply-event.ts';
import { api } from '../../api/calls.ts';
import { useSession, useSessions } from '../../api/queries.ts';

export interface OwnSession {
  /** The person's session with this router, on its way or live; the ended one until another is started. */
  session: Session | null;
  /** It can be worked in. */
  live: boolean;
  error: unknown;
  starting: boolean;
  start: () => void;
}

/**
 * The person's session with a router: the one that they have, else a new one, started once when they come. One that ended (idle for too long)
 * is not started again behind their back.
 */
export function useOwnSession(router: Router, allowed: boolean): OwnSession {
  const client = useQueryClient();
  const active = useSessions('active');
  const mine = active.items.filter(({ routerId, state }) => routerId === router.id && state !== 'ending');
  const present = mine.find(({ state }) => state === 'live') ?? mine[0];
  const last = useRef<string | null>(null);
  if (present) last.current = present.id;
  const known = useSession(last.current ?? '', last.current !== null);
  const start = useMutation({
    mutationFn: () => api.createSession({ routerId: router.id }),
    onSuccess: (session) => applySession(client, session),
  });
  const reachable = router.attachment === 'manual' || router.tunnel.up;
  const begin = allowed && reachable && active.isSuccess && !present && start.isIdle && last.current === null;
  const { mutate } = start;
  useEffect(() => {
    if (begin) mutate();
  }, [begin, mutate]);
  const session = present ?? known.data ?? null;
  return {
    session,
    live: session?.state === 'live' && !session.reconnecting && !session.screenLockedAt && !session.paused,
    error: start.error,
    starting: start.isPending,
    start: () => mutate(),
  };
}
