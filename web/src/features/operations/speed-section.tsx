import type { SpeedTest } from '@netpilot/control-plane/contract/devices.ts';
import { Button, Group, Stack, Table, Text } from '@mantine/core';
import { IconGauge } from '@tabler/icons-react';
import { useRuns, useSpeedTests } from '../../api/queries.ts';
import { LoadMore } from '../../shell/load-more.tsx';
import { Empty, LoadingRows } from '../../shell/loading.tsx';
import { Notice } from '../../shell/notice.tsx';
import { Section } from '../../shell/page.tsx';
import { Ago } from '../../shell/time.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { useNetwork } from './network-context.tsx';
import { speedPlot } from './plot-data.ts';
import { Plot } from './plot.tsx';
import { useOperation, useReading } from './use-operation.ts';
import { mbps } from './words.ts';

const SERIES = [
  { label: 'Down', colour: '--np-plot-down' },
  { label: 'Up', colour: '--np-plot-up' },
] as const;

/** Each way: enough for a home's line to come up to its speed. */
const SECONDS = 6;

/** How fast the line is, measured by the router itself. */
export function SpeedSection() {
  const { router, own, mayOperate, mayConfigure } = useNetwork();
  const tools = useReading('speedtest.tools');
  const tests = useSpeedTests(router.id);
  const runs = useRuns(router.id);
  const test = useOperation('speedtest.run');
  const install = useOperation('packages.install');
  const running = runs.items.some(({ operation, endedAt }) => operation === 'speedtest.run' && endedAt === null);
  const last = tests.items[0];
  const best = tools.data?.installed[0];
  const better = tools.data?.installable.includes('librespeed-cli') ?? false;
  return (
    <Stack>
      <Section
        title="Speed test"
        actions={
          mayOperate && (
            <Button
              mih={44}
              leftSection={<IconGauge size={18} aria-hidden />}
              disabled={!own.live || running}
              loading={test.isPending}
              onClick={() => test.mutate({ seconds: SECONDS })}
            >
              {running ? 'Running…' : 'Start test'}
            </Button>
          )
        }
      >
        {last && <Figures test={last} />}
        <Text size="sm" c="dimmed">
          {best === undefined
            ? 'The router measures the line itself; its processor can be the bound.'
            : `Measured with ${best} on the router itself; its processor can be the bound.`}
        </Text>
        {better && mayConfigure && (
          <Notice tone="info" title="A better tool can be installed">
            <Group justify="space-between" gap="sm">
              <span>librespeed-cli measures both directions and needs about 3 MB.</span>
              <Button
                variant="default"
                mih={44}
                disabled={!own.live}
                loading={install.isPending}
                onClick={() => install.mutate({ names: ['librespeed-cli'] })}
              >
                Install librespeed-cli
              </Button>
            </Group>
          </Notice>
        )}
        <Trouble error={test.error ?? install.error ?? tools.error} />
      </Section>
      <Section title="History">
        {tests.isPending && <LoadingRows rows={1} />}
        {tests.isSuccess && tests.items.length === 0 && (
          <Empty icon={<IconGauge size={40} />} title="Not tested yet">
            Each test is kept, so that you see how the line does over time.
          </Empty>
        )}
        {tests.items.length > 1 && <SpeedPlot tests={tests.items} />}
        {tests.items.length > 0 && <SpeedTable tests={tests.items} />}
        <LoadMore {...tests} />
      </Section>
    </Stack>
  );
}

function Figures({ test }: { test: SpeedTest }) {
  return (
    <dl className="np-facts">
      <div>
        <dt>Download</dt>
        <dd>{rate(test.downMbps)}</dd>
      </div>
      <div>
        <dt>Upload</dt>
        <dd>{rate(test.upMbps)}</dd>
      </div>
      <div>
        <dt>Ping</dt>
        <dd>{test.pingMs === null ? 'not measured' : `${test.pingMs.toFixed(1)} ms`}</dd>
      </div>
      <div>
        <dt>Measured</dt>
        <dd>
          <Ago at={test.createdAt} />
        </dd>
      </div>
    </dl>
  );
}

function SpeedPlot({ tests }: { tests: SpeedTest[] }) {
  return (
    <Plot
      label="Download and upload of each test"
      data={speedPlot(tests)}
      series={SERIES}
      format={(value) => `${mbps(value)} Mbit`}
    />
  );
}

function SpeedTable({ tests }: { tests: SpeedTest[] }) {
  return (
    <div className="np-scroll" tabIndex={0} role="group" aria-label="Speed tests">
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>When</Table.Th>
            <Table.Th>Down</Table.Th>
            <Table.Th>Up</Table.Th>
            <Table.Th>Ping</Table.Th>
            <Table.Th>Tool</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tests.map((test) => (
            <Table.Tr key={test.id}>
              <Table.Td>
                <Ago at={test.createdAt} />
              </Table.Td>
              <Table.Td>{rate(test.downMbps)}</Table.Td>
              <Table.Td>{rate(test.upMbps)}</Table.Td>
              <Table.Td>{test.pingMs === null ? '–' : `${test.pingMs.toFixed(1)} ms`}</Table.Td>
              <Table.Td>{test.tool}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function rate(value: number | null): string {
  return value === null ? 'not measured' : `${mbps(value)} Mbit/s`;
}
