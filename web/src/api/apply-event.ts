import type { PageEvent } from '@netpilot/control-plane/contract/events.ts';
import type { OperationRun } from '@netpilot/control-plane/contract/operation-runs.ts';
import type { Router } from '@netpilot/control-plane/contract/routers.ts';
import { SESSION_STATES, type Session } from '@netpilot/control-plane/contract/sessions.ts';
import type { QueryClient } from '@tanstack/react-query';
import { keys } from './keys.ts';
import { type Pages, changeItems, contains } from './pages.ts';

/**
 * Brings an event into the query cache. Requests under way are cancelled first: their answers may be older than the event and would
 * undo it. A cancelled first load starts again.
 */
export async function applyEvent(client: QueryClient, event: PageEvent): Promise<void> {
  switch (event.type) {
    case 'hello':
      // Anything may have changed while nobody listened.
      await client.invalidateQueries();
      return;
    case 'session':
      return applySession(client, event.session);
    case 'tunnel': {
      const { routerId, tunnel } = event;
      const change = (router: Router) => (router.id === routerId ? { ...router, tunnel } : router);
      await replace<Router>(client, keys.router(routerId), change);
      await replaceInLists<Router>(client, keys.routerLists, change);
      return;
    }
    case 'router_changed':
      await Promise.all([
        client.invalidateQueries({ queryKey: keys.router(event.routerId) }),
        client.invalidateQueries({ queryKey: keys.routerLists }),
      ]);
      return;
    case 'operation_run':
      await applyRun(client, event.run);
      return;
    case 'router_data_changed':
      await client.invalidateQueries({ queryKey: [...keys.network(event.routerId), event.what] });
      return;
    case 'organisation_changed':
      await Promise.all(
        [
          keys.me,
          keys.organisations,
          keys.members(event.organisationId),
          keys.policy(event.organisationId),
          keys.routerLists,
        ].map((queryKey) => client.invalidateQueries({ queryKey })),
      );
      return;
    case 'locks_changed':
      await client.invalidateQueries({ queryKey: keys.locks });
      return;
    case 'activity': {
      const { sessionId, bytes, lastActivityAt } = event;
      // Only what is shown already: a session that is not has its own event.
      client.setQueryData<Pages<Session>>(
        keys.oversight,
        (pages) =>
          pages && changeItems(pages, (item) => (item.id === sessionId ? { ...item, bytes, lastActivityAt } : item)),
      );
    }
  }
}

/** Brings a state of one run to the top of its router's history, or into its place there. */
export async function applyRun(client: QueryClient, run: OperationRun): Promise<void> {
  const queryKey = keys.runs(run.routerId);
  const listed = contains(client.getQueryData<Pages<OperationRun>>(queryKey), ({ id }) => id === run.id);
  if (listed) await replaceInLists<OperationRun>(client, queryKey, (item) => (item.id === run.id ? run : item));
  else await client.invalidateQueries({ queryKey });
  // What was read of the router before may not hold any more.
  if (run.endedAt !== null) await client.invalidateQueries({ queryKey: keys.readings(run.routerId) });
}

/**
 * Brings a state of one session into every place that shows it. States only move forward, so an answer that was overtaken by an event
 * changes nothing.
 */
export async function applySession(client: QueryClient, session: Session): Promise<void> {
  const known = client.getQueryData<Session>(keys.session(session.id));
  if (known && SESSION_STATES.indexOf(known.state) > SESSION_STATES.indexOf(session.state)) return;
  await client.cancelQueries({ queryKey: keys.session(session.id) });
  client.setQueryData(keys.session(session.id), session);
  const ended = session.state === 'ended';
  for (const queryKey of [keys.sessions('active'), keys.oversight]) {
    const listed = contains(client.getQueryData<Pages<Session>>(queryKey), ({ id }) => id === session.id);
    if (listed) {
      await replaceInLists<Session>(client, queryKey, (item) => {
        if (item.id !== session.id) return item;
        return ended ? null : session;
      });
    } else if (!ended) {
      await client.invalidateQueries({ queryKey });
    }
  }
  if (ended) await client.invalidateQueries({ queryKey: keys.sessions('ended') });
}

async function replace<T>(client: QueryClient, queryKey: readonly unknown[], change: (item: T) => T): Promise<void> {
  if (client.getQueryData(queryKey) === undefined) {
    await client.invalidateQueries({ queryKey });
    return;
  }
  await client.cancelQueries({ queryKey });
  client.setQueryData<T>(queryKey, (item) => (item === undefined ? item : change(item)));
}

async function replaceInLists<T>(
  client: QueryClient,
  queryKey: readonly unknown[],
  change: (item: T) => T | null,
): Promise<void> {
  const loading = client.getQueriesData({ queryKey }).some(([, data]) => data === undefined);
  if (loading) {
    await client.invalidateQueries({ queryKey });
    return;
  }
  await client.cancelQueries({ queryKey });
  client.setQueriesData<Pages<T>>({ queryKey }, (data) => (data ? changeItems(data, change) : data));
}
