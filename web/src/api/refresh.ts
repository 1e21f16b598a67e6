/** Outcome of asking for a new access token. */
export type Refreshed = 'refreshed' | 'signed_out' | 'unreachable';

const LOCK = 'netpilot-refresh';
const STAMP = 'netpilot-refreshed-at';

/**
 * Makes a function that renews the sign-in at most once at a time: within the page by sharing the promise, across tabs by a lock.
 * A refresh token works once, so two tabs that used the same one would look like theft and end the sign-in.
 * @param post sends the refresh and answers with the HTTP status; rejects when the api cannot be reached.
 */
export function singleFlightRefresh(
  post: () => Promise<number>,
  shared: Shared = browserShared(),
): () => Promise<Refreshed> {
  let running: Promise<Refreshed> | null = null;
  return () => {
    running ??= refresh(post, shared).finally(() => {
      running = null;
    });
    return running;
  };
}

/** What tabs of one browser share; a page without locks (plain http on another host) has only itself. */
export interface Shared {
  exclusively<T>(task: () => Promise<T>): Promise<T>;
  /** Milliseconds of the last refresh of any tab. */
  lastRefresh(): number;
  recordRefresh(): void;
}

async function refresh(post: () => Promise<number>, shared: Shared): Promise<Refreshed> {
  const before = shared.lastRefresh();
  return shared.exclusively(async () => {
    // Another tab renewed the common cookie while this one waited for the lock.
    if (shared.lastRefresh() !== before) return 'refreshed';
    try {
      const status = await post();
      if (status === 401 || status === 403) return 'signed_out';
      if (status >= 400) return 'unreachable';
      shared.recordRefresh();
      return 'refreshed';
    } catch {
      return 'unreachable';
    }
  });
}

function browserShared(): Shared {
  return {
    exclusively: async <T>(task: () => Promise<T>) =>
      'locks' in navigator ? ((await navigator.locks.request(LOCK, task)) as T) : task(),
    lastRefresh: () => Number(read(STAMP) ?? 0),
    recordRefresh: () => {
      try {
        localStorage.setItem(STAMP, String(Date.now()));
      } catch {
        // A browser without storage has no other tab to tell.
      }
    },
  };
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
