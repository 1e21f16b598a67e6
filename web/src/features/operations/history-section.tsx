import type { OperationRun, RunState } from '@netpilot/control-plane/contract/operation-runs.ts';
import { PROBLEMS } from '@netpilot/control-plane/contract/problems.ts';
import { Text } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useRuns } from '../../api/queries.ts';
import { LoadMore } from '../../shell/load-more.tsx';
import { Empty, LoadingRows } from '../../shell/loading.tsx';
import { StateDot, type Tone } from '../../shell/state-dot.tsx';
import { Ago } from '../../shell/time.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { useNetwork } from './network-context.tsx';
import { OPERATION_WORDS } from './operation-words.ts';

const STATES: Record<RunState, { words: string; tone: Tone }> = {
  queued: { words: 'Waiting', tone: 'info' },
  running: { words: 'Running', tone: 'info' },
  done: { words: 'Done', tone: 'good' },
  failed: { words: 'Failed', tone: 'bad' },
  cancelled: { words: 'Cancelled', tone: 'idle' },
  interrupted: { words: 'Interrupted', tone: 'warn' },
};

/** Everything that was changed or measured on the router, newest first. */
export function HistorySection() {
  const { router } = useNetwork();
  const runs = useRuns(router.id);
  if (runs.isPending) return <LoadingRows height={56} />;
  return (
    <>
      <Trouble error={runs.error} retry={() => void runs.refetch()} />
      {runs.isSuccess && runs.items.length === 0 && (
        <Empty icon={<IconHistory size={40} />} title="Nothing was changed yet">
          What anybody changes on this router is listed here, with its outcome.
        </Empty>
      )}
      <ul className="np-rows" aria-label="History">
        {runs.items.map((run) => (
          <Row key={run.id} run={run} />
        ))}
      </ul>
      <LoadMore {...runs} />
    </>
  );
}

function Row({ run }: { run: OperationRun }) {
  const { words, tone } = STATES[run.state];
  const problem = run.problem === null ? null : PROBLEMS[run.problem].title;
  return (
    <li className="np-surface np-row">
      <div className="np-row-main">
        <Text size="sm" fw={600}>
          {OPERATION_WORDS[run.operation] ?? run.operation}
          {run.subject === null ? '' : ` · ${run.subject}`}
        </Text>
        <Text size="xs" c="dimmed">
          {run.userName}, <Ago at={run.createdAt} />
        </Text>
        {problem && (
          <Text size="sm" mt={4}>
            {problem}
            {run.detail ? `: ${run.detail}` : ''}
          </Text>
        )}
      </div>
      <StateDot tone={tone}>{words}</StateDot>
    </li>
  );
}
