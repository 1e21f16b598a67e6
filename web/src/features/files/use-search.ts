import type { FileFound } from '@netpilot/control-plane/contract/files.ts';
import type { RouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { FileCalls } from './file-calls.ts';
import { fileProblem } from './file-problem.ts';

/** Milliseconds between two pictures of what was found so far. */
const SHOW_MS = 200;

export interface Search {
  readonly text: string;
  readonly below: RouterPath;
  readonly found: readonly FileFound[];
  readonly state: 'running' | 'stopped' | 'done' | 'failed';
  readonly error: unknown;
  /** There may be more than the router was asked for. */
  readonly limited: boolean;
  /** Folders that could not be looked into. */
  readonly unreadable: number;
}

/** One search at a time below a folder; a new one, `stop` and leaving the page end the one before on the router too. */
export function useSearch(calls: FileCalls): {
  search: Search | null;
  start: (below: RouterPath, text: string) => void;
  stop: () => void;
  clear: () => void;
} {
  const [search, setSearch] = useState<Search | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const stop = useCallback(() => {
    running.current?.abort();
    setSearch((now) => (now?.state === 'running' ? { ...now, state: 'stopped' } : now));
  }, []);
  const clear = useCallback(() => {
    running.current?.abort();
    setSearch(null);
  }, []);
  const start = useCallback(
    (below: RouterPath, text: string) => {
      running.current?.abort();
      const controller = new AbortController();
      running.current = controller;
      const begun: Search = { text, below, found: [], state: 'running', error: null, limited: false, unreadable: 0 };
      setSearch(begun);
      const show = (change: Partial<Search>) => {
        if (!controller.signal.aborted) setSearch((now) => ({ ...(now ?? begun), ...change }));
      };
      void run(calls, begun, controller.signal, show).catch((error: unknown) => show({ state: 'failed', error }));
    },
    [calls],
  );
  return { search, start, stop, clear };
}

async function run(
  calls: FileCalls,
  { below, text }: Search,
  signal: AbortSignal,
  show: (change: Partial<Search>) => void,
): Promise<void> {
  const found: FileFound[] = [];
  let shown = 0;
  for await (const line of await calls.search(below, text, signal)) {
    if (line.type === 'problem') throw fileProblem(line.problem);
    if (line.type === 'end') {
      const { limited, unreadable } = line;
      return show({ found: [...found], state: 'done', limited, unreadable });
    }
    found.push(...line.found);
    if (performance.now() - shown < SHOW_MS) continue;
    shown = performance.now();
    show({ found: [...found] });
  }
}
