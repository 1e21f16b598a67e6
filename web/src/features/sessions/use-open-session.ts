import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { applySession } from '../../api/apply-event.ts';
import { api } from '../../api/calls.ts';
import { paths } from '../../routes/paths.ts';

/** Starts a session on a router and goes to its page. */
export function useOpenSession() {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (routerId: string) => api.createSession({ routerId }),
    onSuccess: async (session) => {
      await applySession(client, session);
      await navigate(paths.session(session.id));
    },
  });
}

/** Ends a session, or takes back one that waits. */
export function useEndSession() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (sessionId: string) => api.endSession(sessionId),
    onSuccess: (session) => applySession(client, session),
  });
}
