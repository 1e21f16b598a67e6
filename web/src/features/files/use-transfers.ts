import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { TransferQueue, type TransferView } from './transfer-queue.ts';

/** Queues outlive the page that began them, as long as the application is open. */
const queues = new Map<string, TransferQueue>();

/** The transfers of a session; they go on while the person looks at something else, and end with the session. */
export function useTransfers(
  sessionId: string,
  live: boolean,
): { queue: TransferQueue; views: readonly TransferView[] } {
  const queue = useMemo(() => {
    const known = queues.get(sessionId) ?? new TransferQueue(sessionId);
    queues.set(sessionId, known);
    return known;
  }, [sessionId]);
  const views = useSyncExternalStore(queue.subscribe, queue.snapshot);
  useEffect(() => {
    if (live) return;
    queue.close();
    queues.delete(sessionId);
  }, [live, queue, sessionId]);
  const { busy } = queue;
  useEffect(() => {
    if (!busy) return;
    const keep = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', keep);
    return () => removeEventListener('beforeunload', keep);
  }, [busy]);
  return { queue, views };
}
