import { type FileEntry, type FileStat, uploadIdOf } from '@netpilot/control-plane/contract/files.ts';
import type { RouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { useCallback, useEffect, useState } from 'react';
import type { FileCalls } from './file-calls.ts';
import { fileProblem } from './file-problem.ts';

/** Milliseconds between two pictures of a listing that is still coming. */
const SHOW_MS = 200;

export interface Folder {
  readonly stat: FileStat | null;
  readonly entries: readonly FileEntry[];
  /** Hidden files that uploads grow in, or grew in; none of the entries. */
  readonly parts: readonly FileEntry[];
  readonly loading: boolean;
  readonly error: unknown;
  /** Entries that the router named and that cannot be shown. */
  readonly skipped: number;
}

const NOTHING: Folder = { stat: null, entries: [], parts: [], loading: true, error: null, skipped: 0 };

/**
 * A folder's entries as they come in. What was shown stays until the new listing is whole, unless it is of another folder.
 * @param path null shows nothing.
 * @param live false keeps what is shown and asks for nothing.
 */
export function useFolder(calls: FileCalls, path: RouterPath | null, live: boolean): Folder & { reload: () => void } {
  const [state, setState] = useState<{ path: RouterPath | null; folder: Folder }>({ path, folder: NOTHING });
  const [round, setRound] = useState(0);

  useEffect(() => {
    if (path === null || !live) return;
    const controller = new AbortController();
    const { signal } = controller;
    const show = (change: (folder: Folder) => Folder) => {
      if (signal.aborted) return;
      setState((before) => ({ path, folder: change(before.path === path ? before.folder : NOTHING) }));
    };
    show((before) => ({ ...before, loading: true }));
    void load(calls, path, signal, show).catch((error: unknown) => {
      show((before) => ({ ...before, loading: false, error }));
    });
    return () => controller.abort();
  }, [calls, path, live, round]);

  const reload = useCallback(() => setRound((before) => before + 1), []);
  return { ...(state.path === path ? state.folder : NOTHING), reload };
}

async function load(
  calls: FileCalls,
  path: RouterPath,
  signal: AbortSignal,
  show: (change: (folder: Folder) => Folder) => void,
): Promise<void> {
  const entries: FileEntry[] = [];
  const parts: FileEntry[] = [];
  let stat: FileStat | null = null;
  let shown = performance.now();
  let pictured = 0;
  for await (const line of await calls.list(path, signal)) {
    if (line.type === 'folder') stat = line.folder;
    else if (line.type === 'problem') throw fileProblem(line.problem);
    else if (line.type === 'entries') {
      for (const entry of line.entries) (uploadIdOf(entry.name) === null ? entries : parts).push(entry);
    } else {
      const { skipped } = line;
      return show(() => ({ stat, entries, parts, loading: false, error: null, skipped }));
    }
    // Each picture is put in order anew: of a long listing there are few.
    if (performance.now() - shown < SHOW_MS || entries.length < 2 * pictured) continue;
    shown = performance.now();
    pictured = entries.length;
    const soFar = [...entries];
    // A reload does not shrink what is shown on its way.
    show((before) =>
      soFar.length > before.entries.length ? { ...before, stat, entries: soFar, error: null } : before,
    );
  }
  throw new Error('the listing has no end');
}
