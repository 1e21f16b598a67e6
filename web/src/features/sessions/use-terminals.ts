import type { ListedTerminal, TerminalSize } from '@netpilot/control-plane/contract/sessions.ts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { type Page, api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { isProblem } from '../../api/problem.ts';

/** How often the terminals of a session that is on its way back are asked for, in milliseconds. */
const AGAIN_MS = 1_000;

/** A terminal of the page: where its history ended when the page first saw it. */
export interface OpenTerminal {
  id: number;
  historyEnd: number;
}

/**
 * The terminals of a live session and which one is shown. A session without any gets its first one by itself, once; after that the
 * person decides.
 * @param wanted false while no terminal is looked at: none is opened by itself then.
 * @param size asked when a terminal is opened, so that its shell starts with the right size.
 */
export function useTerminals(sessionId: string, live: boolean, wanted: boolean, size: () => TerminalSize) {
  const client = useQueryClient();
  const queryKey = keys.terminals(sessionId);
  const list = useQuery({
    queryKey,
    queryFn: ({ signal }) => api.terminals(sessionId, signal),
    enabled: live,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnMount: 'always',
    refetchInterval: ({ state }) => (isProblem(state.error, 'session_not_live') ? AGAIN_MS : false),
  });
  // The banners tell of a session that waits for its router, and of one that is over.
  const waiting = isProblem(list.error, 'session_not_live');
  const error = live && !waiting && !isProblem(list.error, 'session_over') ? list.error : null;
  const [chosen, choose] = useState<number | null>(null);
  const known = useRef(new Map<number, OpenTerminal>());
  const terminals = (list.data?.items ?? []).map(({ id, offset }) => {
    const terminal = known.current.get(id) ?? { id, historyEnd: offset };
    known.current.set(id, terminal);
    return terminal;
  });

  const change = async (update: (items: ListedTerminal[]) => ListedTerminal[]) => {
    await client.cancelQueries({ queryKey });
    client.setQueryData<Page<ListedTerminal>>(queryKey, (data) => ({
      items: update(data?.items ?? []),
      nextCursor: null,
    }));
  };
  const open = useMutation({
    mutationFn: () => api.openTerminal(sessionId, size()),
    onSuccess: async (terminal) => {
      known.current.set(terminal.id, { id: terminal.id, historyEnd: 0 });
      await change((items) => [...items.filter(({ id }) => id !== terminal.id), terminal]);
      choose(terminal.id);
    },
  });
  const close = useMutation({
    mutationFn: async (id: number) => {
      // One that is gone already is closed as well.
      await api.closeTerminal(sessionId, id).catch((error: unknown) => {
        if (live) return Promise.reject(error);
      });
      return id;
    },
    onSuccess: (closed) => change((items) => items.filter(({ id }) => id !== closed)),
  });

  const opened = useRef(false);
  const { mutate } = open;
  const empty = list.isSuccess && list.data.items.length === 0;
  useEffect(() => {
    if (!live || !wanted || !list.isSuccess || opened.current) return;
    opened.current = true;
    if (empty) mutate();
  }, [live, wanted, list.isSuccess, empty, mutate]);

  const active = terminals.find(({ id }) => id === chosen)?.id ?? terminals.at(-1)?.id ?? null;
  const loading = list.isPending || waiting;
  return { terminals, loading, error, again: list.refetch, active, choose, open, close };
}
