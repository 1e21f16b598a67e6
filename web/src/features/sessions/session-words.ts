import type { EndReason, Session, SessionState } from '@netpilot/control-plane/contract/sessions.ts';
import type { Tone } from '../../shell/state-dot.tsx';

const STATES: Record<SessionState, { words: string; tone: Tone }> = {
  requested: { words: 'Requested', tone: 'info' },
  queued: { words: 'Waiting', tone: 'info' },
  starting: { words: 'Starting', tone: 'info' },
  connecting: { words: 'Connecting', tone: 'info' },
  live: { words: 'Connected', tone: 'good' },
  ending: { words: 'Ending', tone: 'idle' },
  ended: { words: 'Ended', tone: 'idle' },
};

/** @returns the state of a session in words and its tone. */
export function sessionState(session: Session): { words: string; tone: Tone } {
  if (session.state === 'live' && session.reconnecting) return { words: 'Reconnecting', tone: 'warn' };
  return STATES[session.state];
}

/** Why sessions end, and what to do then. */
export const END_WORDS: Record<EndReason, { title: string; advice: string }> = {
  user: { title: 'You ended this session', advice: 'Its container is gone, with everything in it.' },
  idle: { title: 'Ended because nothing happened for a while', advice: 'Start again whenever you need it.' },
  lifetime: { title: 'Ended at the longest time a session may take', advice: 'Start again to go on working.' },
  admin: { title: 'An administrator ended this session', advice: 'Ask an administrator of the organisation why.' },
  lock: { title: 'Ended by a lock', advice: 'Ask an administrator of the organisation.' },
  access_lost: { title: 'You lost access to this router', advice: 'Ask an administrator of the organisation.' },
  abandoned: { title: 'Given up while it waited', advice: 'Nobody was looking any more. Start again for a new place.' },
  router_lost: { title: 'The router was lost', advice: 'Check its power and Internet line, then start again.' },
  router_refused: {
    title: 'The router refused the connection',
    advice: 'Test the connection on the page of the router.',
  },
  host_key_changed: {
    title: 'The router showed another host key',
    advice: 'Compare the key on the page of the router. If you did not reset it, somebody may be in between.',
  },
  sandbox_lost: { title: 'The container of this session was lost', advice: 'Start again; the router is not affected.' },
  start_failed: { title: 'The session could not be started', advice: 'Try again in a moment.' },
  shutdown: { title: 'The bastion was shut down', advice: 'Start again when it is back.' },
};

/** @returns true while a session holds or waits for a place. */
export function isActive({ state }: Session): boolean {
  return state !== 'ended';
}

/** Steps on the way to a live session, and how many are done. */
export const STEPS = ['Place', 'Container', 'Router'] as const;
export function stepsDone(state: SessionState): number {
  return { requested: 0, queued: 0, starting: 1, connecting: 2, live: 3, ending: 3, ended: 3 }[state];
}
