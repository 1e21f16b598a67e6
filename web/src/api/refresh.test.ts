import { describe, expect, it } from '@jest/globals';
import { singleFlightRefresh, type Shared } from './refresh.ts';

function sharedBrowser() {
  let stamp = 0;
  let queue: Promise<unknown> = Promise.resolve();
  const tab = (): Shared => ({
    exclusively: (task) => {
      const turn = queue.then(task);
      queue = turn.catch(() => undefined);
      return turn;
    },
    lastRefresh: () => stamp,
    recordRefresh: () => {
      stamp += 1;
    },
  });
  return { tab };
}

describe('renewing the sign-in', () => {
  it('is sent once for all callers of a page', async () => {
    let posts = 0;
    const refresh = singleFlightRefresh(async () => {
      posts += 1;
      return 204;
    }, sharedBrowser().tab());
    expect(await Promise.all([refresh(), refresh(), refresh()])).toEqual(['refreshed', 'refreshed', 'refreshed']);
    expect(posts).toBe(1);
    await refresh();
    expect(posts).toBe(2);
  });

  it('is sent once for two tabs at the same time', async () => {
    let posts = 0;
    const browser = sharedBrowser();
    const post = async () => {
      posts += 1;
      return 204;
    };
    const one = singleFlightRefresh(post, browser.tab());
    const two = singleFlightRefresh(post, browser.tab());
    expect(await Promise.all([one(), two()])).toEqual(['refreshed', 'refreshed']);
    expect(posts).toBe(1);
  });

  it('tells a refusal from an api that is away', async () => {
    const answering = (post: () => Promise<number>) => singleFlightRefresh(post, sharedBrowser().tab())();
    expect(await answering(async () => 401)).toBe('signed_out');
    expect(await answering(async () => 503)).toBe('unreachable');
    expect(await answering(() => Promise.reject(new Error('down')))).toBe('unreachable');
  });
});
