import {
  USAGE_PERIODS,
  type UsageHistory,
  type UsagePeriodName,
} from '@netpilot/control-plane/contract/usage-history.ts';
import type { UsageSnapshot } from '@netpilot/control-plane/contract/operations/usage.ts';
import { Button, Group, SegmentedControl, Select, Stack, Table, Text } from '@mantine/core';
import { IconChartBar, IconDownload } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api } from '../../api/calls.ts';
import { API } from '../../api/client.ts';
import { keys } from '../../api/keys.ts';
import { useDevices } from '../../api/queries.ts';
import { Empty, LoadingRows } from '../../shell/loading.tsx';
import { Notice } from '../../shell/notice.tsx';
import { Section } from '../../shell/page.tsx';
import { Ago } from '../../shell/time.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { deviceName } from '../devices/device-words.ts';
import { useNetwork } from './network-context.tsx';
import { busiest, usagePlot, usageTotals } from './plot-data.ts';
import { Plot } from './plot.tsx';
import { useOperation, useReading } from './use-operation.ts';
import { bytesInWords, rateInWords } from './words.ts';

/** How often the counters are read while the page is looked at, in milliseconds. */
const EVERY = 5_000;
const WORDS: Record<UsagePeriodName, string> = { day: 'Day', week: 'Week', month: 'Month' };
const SERIES = [
  { label: 'Down', colour: '--np-plot-down', bars: true },
  { label: 'Up', colour: '--np-plot-up', bars: true },
] as const;
const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

/** Who moves how much: now, and over the last day, week and month. */
export function UsageSection() {
  const { router, own, mayOperate, mayConfigure } = useNetwork();
  const reading = useReading('usage.read', { every: EVERY });
  const start = useOperation('usage.start');
  const install = useOperation('packages.install');
  const devices = useDevices(router.id).data?.items ?? [];
  const names = new Map(devices.map((device) => [device.mac, deviceName(device)]));
  const [period, setPeriod] = useState<UsagePeriodName>('day');
  const [mac, setMac] = useState<string | null>(null);
  const history = useQuery({
    queryKey: [...keys.usage(router.id), period, mac],
    queryFn: ({ signal }) =>
      api.usage(router.id, { period, timeZone: TIME_ZONE, ...(mac === null ? {} : { mac }) }, signal),
    placeholderData: keepPreviousData,
  });
  const counting = reading.data?.source;
  return (
    <Stack>
      {counting === 'none' && mayOperate && (
        <Notice tone="info" title="Nothing counts usage on this router yet">
          <Group gap="sm" mt="xs">
            <Button mih={44} disabled={!own.live} loading={start.isPending} onClick={() => start.mutate({})}>
              Start counting
            </Button>
            {mayConfigure && reading.data?.installable.includes('nlbwmon') && (
              <Button
                variant="default"
                mih={44}
                disabled={!own.live}
                loading={install.isPending}
                onClick={() => install.mutate({ names: ['nlbwmon'] })}
              >
                Install nlbwmon, which counts over restarts
              </Button>
            )}
          </Group>
        </Notice>
      )}
      {reading.data?.offloading && (
        <Notice tone="warn" title="Flow offloading is on">
          Connections that the router hands over to its hardware are not counted.
        </Notice>
      )}
      <Trouble error={reading.error ?? start.error ?? install.error} />
      {reading.data && counting !== 'none' && <Now snapshot={reading.data} names={names} />}
      <Section
        title="Over time"
        actions={
          <SegmentedControl
            aria-label="Period"
            size="md"
            data={USAGE_PERIODS.map((value) => ({ value, label: WORDS[value] }))}
            value={period}
            onChange={(value) => setPeriod(USAGE_PERIODS.find((each) => each === value) ?? 'day')}
          />
        }
      >
        <Select
          aria-label="Device"
          placeholder="All devices"
          size="md"
          clearable
          searchable
          data={devices.map((device) => ({ value: device.mac, label: deviceName(device) }))}
          value={mac}
          onChange={setMac}
        />
        {history.isPending && <LoadingRows rows={1} height={200} />}
        <Trouble error={history.error} retry={() => void history.refetch()} />
        {history.data && <Over history={history.data} names={names} onChoose={setMac} />}
        <Group gap="sm" className="np-actions">
          {(['csv', 'json'] as const).map((format) => (
            <Button
              key={format}
              component="a"
              variant="default"
              mih={44}
              leftSection={<IconDownload size={18} aria-hidden />}
              href={`${API}/routers/${router.id}/usage/export?${new URLSearchParams({ period, timeZone: TIME_ZONE, format }).toString()}`}
              download
            >
              Export {format.toUpperCase()}
            </Button>
          ))}
        </Group>
      </Section>
    </Stack>
  );
}

function Over({
  history,
  names,
  onChoose,
}: {
  history: UsageHistory;
  names: Map<string, string>;
  onChoose: (mac: string) => void;
}) {
  const { buckets, devices, readAt } = history;
  const { down, up, estimated } = usageTotals(buckets);
  if (down + up === 0) {
    return (
      <Empty icon={<IconChartBar size={40} />} title="Nothing was counted in this time">
        Usage is counted by the router and taken over whenever somebody is connected.
      </Empty>
    );
  }
  return (
    <>
      <Group gap="lg">
        <Text size="sm" className="np-key" data-side="down">
          Down {bytesInWords(down)}
        </Text>
        <Text size="sm" className="np-key" data-side="up">
          Up {bytesInWords(up)}
        </Text>
        {readAt && (
          <Text size="sm" c="dimmed">
            read <Ago at={readAt} />
          </Text>
        )}
      </Group>
      <Plot label="Usage over time" data={usagePlot(buckets)} series={SERIES} format={bytesInWords} height={220} />
      {estimated && (
        <Text size="sm" c="dimmed">
          Some of it is estimated: the counters were read less often than the plot shows.
        </Text>
      )}
      <div className="np-scroll" tabIndex={0} role="group" aria-label="Usage by device">
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Device</Table.Th>
              <Table.Th ta="right">Down</Table.Th>
              <Table.Th ta="right">Up</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {devices.slice(0, 50).map(({ mac, name, downBytes, upBytes }) => (
              <Table.Tr key={mac}>
                <Table.Td>
                  <Button variant="subtle" size="compact-md" mih={32} onClick={() => onChoose(mac)}>
                    {names.get(mac) ?? name ?? mac}
                  </Button>
                </Table.Td>
                <Table.Td ta="right">{bytesInWords(downBytes)}</Table.Td>
                <Table.Td ta="right">{bytesInWords(upBytes)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </>
  );
}

/** Rates between the last two readings, by the router's steady clock. */
function Now({ snapshot, names }: { snapshot: UsageSnapshot; names: Map<string, string> }) {
  const [pair, setPair] = useState<{ earlier: UsageSnapshot | null; later: UsageSnapshot }>({
    earlier: null,
    later: snapshot,
  });
  useEffect(() => {
    setPair(({ later }) =>
      later.uptimeSeconds === snapshot.uptimeSeconds ? { earlier: null, later } : { earlier: later, later: snapshot },
    );
  }, [snapshot]);
  const moved = busiest(pair.earlier, pair.later);
  return (
    <Section title="Now">
      {moved === null ? (
        <Text size="sm" c="dimmed" role="status">
          Measuring…
        </Text>
      ) : moved.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nobody moves anything right now.
        </Text>
      ) : (
        <Table>
          <Table.Tbody>
            {moved.map(({ mac, downBytes, upBytes }) => (
              <Table.Tr key={mac}>
                <Table.Td>{names.get(mac) ?? mac}</Table.Td>
                <Table.Td ta="right">↓ {rateInWords(downBytes)}</Table.Td>
                <Table.Td ta="right">↑ {rateInWords(upBytes)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Section>
  );
}
