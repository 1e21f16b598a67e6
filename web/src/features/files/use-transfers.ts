import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { TransferQueue, type TransferView, forgetOldStored } from './transfer-queue.ts';
import { type UnfinishedUpload, UnfinishedUploads } from './unfinished-uploads.ts';

/** Queues outlive the page that began them, as long as the application is open. */
const queues = new Map<string, TransferQueue>();

export interface Transfers {
  readonly queue: TransferQueue;
  readonly views: readonly TransferView[];
  /** Uploads that can be gone on with when their files are chosen again. */
  readonly interrupted: readonly UnfinishedUpload[];
}

/** The transfers of a session; they go on while the person looks at something else, wait while the router is away, and end with the session. */
export function useTransfers({ id, userId, routerId, state }: Session): Transfers {
  const queue = useMemo(() => queueOf(id, userId, routerId ?? id), [id, userId, routerId]);
  const views = useSyncExternalStore(queue.subscribe, queue.snapshot);
  const interrupted = useSyncExternalStore(queue.subscribe, queue.interrupted);
  const over = state === 'ending' || state === 'ended';
  useEffect(() => {
    if (!over) return;
    queue.end();
    queues.delete(id);
  }, [over, queue, id]);
  return { queue, views, interrupted };
}

function queueOf(sessionId: string, userId: string, routerId: string): TransferQueue {
  const known = queues.get(sessionId);
  if (known !== undefined) return known;
  if (queues.size === 0) void forgetOldStored().catch(() => undefined);
  const queue = new TransferQueue(sessionId, new UnfinishedUploads(sessionStorage, userId, routerId));
  queue.subscribe(askBeforeLeaving);
  queues.set(sessionId, queue);
  return queue;
}

/** The browser asks before the page is left while something moves, wherever in the application its person is. */
function askBeforeLeaving(): void {
  const busy = [...queues.values()].some((queue) => queue.busy);
  if (busy) addEventListener('beforeunload', keepPage);
  else removeEventListener('beforeunload', keepPage);
}

function keepPage(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
