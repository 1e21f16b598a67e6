import {
  OPERATIONS,
  type OperationInput,
  type OperationName,
  type OperationOutput,
} from '@netpilot/control-plane/contract/operations/catalogue.ts';
import type { ChangeOutcome, Operation } from '@netpilot/control-plane/contract/operations/operation.ts';
import { OperationAnswer, type OperationRun } from '@netpilot/control-plane/contract/operation-runs.ts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { applyRun } from '../../api/apply-event.ts';
import { request } from '../../api/client.ts';
import { keys } from '../../api/keys.ts';
import { useNetwork } from './network-context.tsx';

/** Milliseconds more than the router is given. */
const PATIENCE = 20_000;

export interface Answer<N extends OperationName> {
  run: OperationRun | null;
  /** Null while a job goes on. */
  output: OperationOutput<N> | null;
  warnings: string[];
}

async function operate<N extends OperationName>(
  sessionId: string,
  name: N,
  input: OperationInput<N>,
  options: { watching?: boolean; signal?: AbortSignal } = {},
): Promise<Answer<N>> {
  const operation: Operation = OPERATIONS[name];
  const { run, output, warnings } = await request({
    method: 'POST',
    path: `/sessions/${sessionId}/operations/${name}`,
    query: { watching: options.watching === true ? 'true' : undefined },
    body: input,
    answer: OperationAnswer,
    signal: options.signal,
    timeoutMs: operation.timeoutSeconds * 1_000 + PATIENCE,
  });
  return { run, output: output === null ? null : (operation.output.parse(output) as OperationOutput<N>), warnings };
}

/**
 * Reads from the router while the person's session is live, and again every `every` milliseconds while the page is looked at.
 * The page asks by itself, so it keeps no session from ending.
 */
export function useReading<N extends OperationName>(name: N, options: { every?: number; enabled?: boolean } = {}) {
  const { router, own } = useNetwork();
  const { session, live } = own;
  return useQuery({
    queryKey: keys.reading(router.id, name),
    queryFn: async ({ signal }) => {
      const { output } = await operate(session?.id ?? '', name, {} as OperationInput<N>, { watching: true, signal });
      if (output === null) throw new Error('a reading has an answer');
      return output;
    },
    enabled: live && options.enabled !== false,
    refetchInterval: options.every ?? false,
    staleTime: 5_000,
    retry: false,
  });
}

/** @returns the reading that the answer of a change holds as well. */
function toldBy(name: OperationName): OperationName | null {
  if (name.startsWith('access.')) return 'access.read';
  if (name.startsWith('packages.')) return 'packages.read';
  return null;
}

/** Has the router do something. What was read of the router before is read again afterwards, also when it failed. */
export function useOperation<N extends OperationName>(name: N) {
  const { router, own } = useNetwork();
  const client = useQueryClient();
  return useMutation({
    mutationKey: ['operation', router.id, name],
    // A key or a configuration is not kept once the page has done with it.
    gcTime: 0,
    mutationFn: (input: OperationInput<N>) => {
      if (own.session === null) throw new Error('there is no session');
      return operate(own.session.id, name, input);
    },
    onSettled: async (answer) => {
      const changed = (OPERATIONS[name] as Operation).changes
        ? [keys.policies(router.id), keys.readings(router.id)]
        : [];
      const readAnew = Promise.all([
        ...changed.map((queryKey) => client.invalidateQueries({ queryKey })),
        answer?.run ? applyRun(client, answer.run) : null,
      ]);
      const told = toldBy(name);
      const output = answer?.output ?? null;
      if (told === null || output === null) return void (await readAnew);
      // The router said with its answer how it is now: nobody waits for it to be read once more.
      const { outcome: _outcome, warnings: _warnings, ...state } = output as ChangeOutcome;
      client.setQueryData(keys.reading(router.id, told), state);
    },
  });
}
