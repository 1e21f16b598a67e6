import { type AccessPlan, EMPTY_PLAN } from '@netpilot/control-plane/contract/operations/access.ts';
import { usePolicies } from '../../api/queries.ts';
import { useNetwork } from './network-context.tsx';
import { useReading } from './use-operation.ts';

/** What the router's devices are held to: as the router says while connected, as it was stored else. */
export function useAccess() {
  const { router } = useNetwork();
  const stored = usePolicies(router.id);
  const reading = useReading('access.read', { every: 30_000 });
  const plan: AccessPlan = reading.data?.plan ?? stored.data?.access.observed?.plan ?? EMPTY_PLAN;
  return {
    plan,
    effect: reading.data?.effect ?? stored.data?.access.observed?.effect ?? null,
    known: reading.data !== undefined || (stored.data !== undefined && stored.data.access.observed !== null),
    pending: stored.isPending,
    error: stored.error ?? reading.error,
    refetch: () => void Promise.all([stored.refetch(), reading.isEnabled ? reading.refetch() : null]),
  };
}
