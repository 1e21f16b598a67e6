import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { keys } from './keys.ts';
import { ProblemError, isProblem } from './problem.ts';

/** The one query client: problems of the api are answers and not tried again; a loss of connection is. */
export function createQueryClient(): QueryClient {
  const onError = (error: unknown) => {
    // The pages give way to the sign-in page; it comes back here afterwards.
    if (isProblem(error, 'unauthenticated')) client.setQueryData(keys.me, null);
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        gcTime: 5 * 60_000,
        retry: (failures, error) => !(error instanceof ProblemError && error.problem.status < 500) && failures < 2,
        // The browser's own idea of being online is wrong on local networks; we show what we measure.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
  return client;
}
