import type { OperationRun } from '@netpilot/control-plane/contract/operation-runs.ts';
import { Button, Group, Progress, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { api } from '../../api/calls.ts';
import { useRuns, useSignedIn } from '../../api/queries.ts';
import { PROBLEMS } from '@netpilot/control-plane/contract/problems.ts';
import { paths } from '../../routes/paths.ts';
import { LinkButton } from '../../shell/links.tsx';
import { Notice } from '../../shell/notice.tsx';
import { useNow } from '../../shell/time.tsx';
import { failedJustNow } from './failed-runs.ts';
import { useNetwork } from './network-context.tsx';
import { OPERATION_WORDS } from './operation-words.ts';

/** What runs or waits on the router now, whoever asked for it, and what failed just now of what the person asked for. */
export function RunningNotice() {
  const { router } = useNetwork();
  const me = useSignedIn();
  const now = useNow(10_000);
  const runs = useRuns(router.id).items;
  const open = runs.filter(({ endedAt }) => endedAt === null);
  const [failed] = failedJustNow(runs, me.id, now);
  return (
    <>
      {open.length > 0 && <Open runs={open} />}
      {failed && <Failed run={failed} />}
    </>
  );
}

function Failed({ run: { operation, problem, detail } }: { run: OperationRun }) {
  const { router, mayConfigure } = useNetwork();
  return (
    <Notice tone="bad" title={`${OPERATION_WORDS[operation] ?? operation} failed`} urgent>
      {detail ?? (problem === null ? '' : PROBLEMS[problem].remedy)}
      {problem === 'operation_needs_package' && mayConfigure && (
        <Group mt="xs">
          <LinkButton to={paths.network(router.id, 'system')} variant="default" mih={44}>
            Show packages
          </LinkButton>
        </Group>
      )}
    </Notice>
  );
}

function Open({ runs }: { runs: OperationRun[] }) {
  return (
    <div className="np-surface" role="status" aria-label="Running now" style={{ padding: 12 }}>
      {runs.map((run) => (
        <Running key={run.id} run={run} />
      ))}
    </div>
  );
}

function Running({ run }: { run: OperationRun }) {
  const me = useSignedIn();
  const cancel = useMutation({ mutationFn: () => api.cancelRun(run.routerId, run.id) });
  const mine = run.userId === me.id;
  const { progress } = run;
  const cancellable = mine && (run.state === 'queued' || run.operation === 'speedtest.run');
  return (
    <Group gap="sm" wrap="nowrap" align="center" py={4}>
      <div style={{ flex: 1, minWidth: 0 }}>
        <Text size="sm" fw={550}>
          {OPERATION_WORDS[run.operation] ?? run.operation}
          {run.subject === null ? '' : ` · ${run.subject}`}
          {mine ? '' : ` · ${run.userName}`}
        </Text>
        <Text size="xs" c="dimmed">
          {run.state === 'queued' && run.ahead > 0
            ? `${run.ahead} before it`
            : (progress?.stage ?? (run.state === 'queued' ? 'Waiting' : 'Under way'))}
        </Text>
        <Progress
          value={progress?.percent ?? 100}
          animated={progress?.percent === null || progress === null}
          size="sm"
          mt={4}
          aria-label="Progress"
        />
      </div>
      {cancellable && (
        <Button variant="default" mih={44} loading={cancel.isPending} onClick={() => cancel.mutate()}>
          Cancel
        </Button>
      )}
    </Group>
  );
}
