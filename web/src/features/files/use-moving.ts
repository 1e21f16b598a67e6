import { type FileEntry, uploadIdOf } from '@netpilot/control-plane/contract/files.ts';
import { printableName } from '@netpilot/control-plane/contract/printable.ts';
import type { RouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { useState } from 'react';
import { API } from '../../api/client.ts';
import { ProblemError, isProblem } from '../../api/problem.ts';
import type { Chosen } from './chosen-files.ts';
import type { FileCalls } from './file-calls.ts';
import { isFolder } from './file-words.ts';
import { type TransferQueue, type TransferView, canStore } from './transfer-queue.ts';
import { type UnfinishedUpload, isSameFile } from './unfinished-uploads.ts';
import { pathOf } from './typed-name.ts';
import { planUpload } from './upload-plan.ts';
import type { Folder } from './use-folder.ts';
import { useTransfers } from './use-transfers.ts';

/** What a person moves from and to the folder that is shown. */
export interface Moving {
  readonly queue: TransferQueue;
  readonly views: readonly TransferView[];
  /** Uploads that a reload of the page, or the end of an earlier session, cut off. */
  readonly interrupted: readonly UnfinishedUpload[];
  /** What is in the folder of uploads that nobody goes on with here. */
  readonly rests: readonly FileEntry[];
  readonly error: unknown;
  /** Chosen files whose names are taken; asked about before anything is sent. */
  readonly inTheWay: readonly Chosen[] | null;
  upload: (chosen: readonly Chosen[]) => void;
  replace: () => void;
  leave: () => void;
  /** Goes on with an interrupted upload; refuses another file. */
  goOn: (upload: UnfinishedUpload, file: File) => void;
  /** Takes what an interrupted upload left on the router away. */
  discard: (upload: UnfinishedUpload) => Promise<void>;
  /** Takes the rest of an upload away, whoever's it was. */
  discardRest: (rest: FileEntry) => Promise<void>;
  /** Shows why nothing was taken. */
  refuse: (error: unknown) => void;
  download: (entry: Pick<FileEntry, 'name' | 'type' | 'target'>, path: RouterPath) => void;
}

export function useMoving(
  session: Session,
  calls: FileCalls,
  live: boolean,
  path: RouterPath | null,
  folder: Folder & { reload: () => void },
): Moving {
  const { queue, views, interrupted } = useTransfers(session);
  const [error, setError] = useState<unknown>(null);
  const [held, setHeld] = useState<{ all: readonly Chosen[]; taken: readonly Chosen[] } | null>(null);

  const send = (chosen: readonly Chosen[], replacing: boolean) => {
    if (path === null) return;
    const { first, after, refused } = planUpload(path, chosen, { type: replacing ? 'anything' : 'nothing' });
    if (refused.length > 0) setError(new Error(`No folder on a router can hold ${refused.slice(0, 3).join(', ')}.`));
    let folders = first.filter(({ job }) => job.type === 'unpack').length;
    const arrived = (job: (typeof first)[number]['job']) => () => {
      folder.reload();
      if (job.type !== 'unpack') return;
      folders -= 1;
      // Large files need the folders that the archives make.
      if (folders === 0) for (const { name, job: large } of after) queue.add(name, large, folder.reload);
    };
    for (const { name, job } of first) queue.add(name, job, arrived(job));
  };
  const upload = (chosen: readonly Chosen[]) => {
    setError(null);
    if (!live || chosen.length === 0) return;
    const names = new Set(folder.entries.map(({ name }) => name.text));
    const taken = chosen.filter(({ path: [name = ''], file }) => file !== null && names.has(name));
    if (taken.length > 0) setHeld({ all: chosen, taken });
    else send(chosen, false);
  };
  const goOn = (unfinished: UnfinishedUpload, file: File) => {
    setError(null);
    const { name, path: to, expect } = unfinished;
    if (isSameFile(unfinished, file)) queue.add(name, { type: 'upload', path: to, file, expect }, folder.reload);
    else setError(new Error(`${file.name} is not the file that was on its way: name, size and time must be the same.`));
  };
  const discard = async (unfinished: UnfinishedUpload) => {
    setError(null);
    try {
      await calls.abortUpload(unfinished.uploadId, unfinished.path);
    } catch (failure) {
      // The router answered: its folder is gone, and the bytes with it.
      if (!(failure instanceof ProblemError && failure.problem.code.startsWith('file_'))) return setError(failure);
    }
    queue.forget(unfinished);
  };
  const discardRest = async ({ name, type }: FileEntry) => {
    try {
      await calls.change({ type: 'delete', path: pathOf(path ?? '/', name), recursive: type === 'folder' });
    } catch (failure) {
      if (!isProblem(failure, 'file_vanished')) throw failure;
    }
    folder.reload();
  };
  const download = (entry: Pick<FileEntry, 'name' | 'type' | 'target'>, from: RouterPath) => {
    const what = isFolder(entry) ? 'archive' : 'content';
    const name = fileName(`${printableName(entry.name)}${what === 'archive' ? '.tar' : ''}`);
    if (canStore()) return queue.add(name, { type: 'download', path: from, what, store: crypto.randomUUID() });
    // Without storage of its own the browser fetches it by itself; its list of downloads pauses and goes on too.
    const link = document.createElement('a');
    link.href = `${API}${what === 'archive' ? calls.archiveAddress(from) : calls.contentAddress(from)}`;
    link.download = name;
    link.click();
  };
  return {
    queue,
    views,
    interrupted,
    rests: folder.parts.filter(({ name }) => !queue.knows(uploadIdOf(name) ?? '')),
    error,
    inTheWay: held?.taken ?? null,
    upload,
    replace: () => {
      if (held !== null) send(held.all, true);
      setHeld(null);
    },
    leave: () => setHeld(null),
    goOn,
    discard,
    discardRest,
    refuse: setError,
    download,
  };
}

/** @returns a name that no system takes for a path or a hidden file. */
function fileName(printable: string): string {
  return printable.replaceAll(/[/\\:*?"<>|]/gu, '_').replace(/^[.\s-]+/u, '_') || 'file';
}
