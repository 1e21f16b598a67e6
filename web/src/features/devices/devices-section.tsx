import type { Device } from '@netpilot/control-plane/contract/devices.ts';
import { Button, Drawer, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { IconDevices, IconRefresh, IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useDevices } from '../../api/queries.ts';
import { Empty, LoadingRows } from '../../shell/loading.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { useNetwork } from '../operations/network-context.tsx';
import { useAccess } from '../operations/use-access.ts';
import { useReading } from '../operations/use-operation.ts';
import { DeviceDetails } from './device-details.tsx';
import { DeviceRow } from './device-row.tsx';
import { deviceName, matches } from './device-words.ts';

/** How often the router is asked who is there while the page is looked at, in milliseconds. */
const EVERY = 15_000;
/** Rows drawn at once; more on request. */
const SHOWN = 100;

const FILTERS = ['All', 'On line', 'Blocked'] as const;
type Filter = (typeof FILTERS)[number];

/** Who is on the network, and what each may. */
export function DevicesSection() {
  const { router, own } = useNetwork();
  const scan = useReading('devices.scan', { every: EVERY });
  const devices = useDevices(router.id);
  const { plan } = useAccess();
  const [search, setSearch] = useState('');
  const [filter, setFilter] = useState<Filter>('All');
  const [shown, setShown] = useState(SHOWN);
  const [opened, setOpened] = useState<string | null>(null);
  const [asked, setAsked] = useState(false);
  const items = devices.data?.items ?? [];
  const blocked = new Set(plan.blocks.map(({ mac }) => mac));
  const passes = (device: Device) =>
    filter === 'All' || (filter === 'On line' ? device.online : blocked.has(device.mac));
  const found = items.filter((device) => passes(device) && matches(device, search));
  const current = items.find(({ mac }) => mac === opened);
  const waiting = devices.isPending || (items.length === 0 && own.live && scan.isPending);
  return (
    <Stack>
      <Group gap="sm">
        <TextInput
          aria-label="Find a device"
          placeholder="Find a device"
          size="md"
          flex="1 1 200px"
          leftSection={<IconSearch size={18} aria-hidden />}
          value={search}
          onChange={({ currentTarget }) => setSearch(currentTarget.value)}
        />
        <SegmentedControl
          size="md"
          data={[...FILTERS]}
          value={filter}
          onChange={(value) => setFilter(FILTERS.find((each) => each === value) ?? 'All')}
          aria-label="Show"
        />
        <Button
          variant="default"
          mih={44}
          leftSection={<IconRefresh size={18} aria-hidden />}
          loading={asked && scan.isFetching}
          disabled={!own.live}
          onClick={() => {
            setAsked(true);
            void scan.refetch().finally(() => setAsked(false));
          }}
        >
          Look again
        </Button>
      </Group>
      <Trouble error={scan.error} />
      <Trouble error={devices.error} retry={() => void devices.refetch()} />
      {waiting && <LoadingRows rows={4} height={64} />}
      {!waiting && devices.isSuccess && items.length === 0 && (
        <Empty icon={<IconDevices size={40} />} title="No devices yet">
          They appear by themselves as soon as the router was asked who is there.
        </Empty>
      )}
      {items.length > 0 && found.length === 0 && (
        <Text c="dimmed" role="status">
          No device is like that.
        </Text>
      )}
      <ul className="np-rows" data-columns="2" aria-label="Devices">
        {found.slice(0, shown).map((device) => (
          <DeviceRow key={device.mac} device={device} plan={plan} onOpen={() => setOpened(device.mac)} />
        ))}
      </ul>
      {found.length > shown && (
        <Group justify="center">
          <Button variant="default" mih={44} onClick={() => setShown(shown + SHOWN)}>
            Show more
          </Button>
        </Group>
      )}
      <Drawer
        opened={current !== undefined}
        onClose={() => setOpened(null)}
        position="right"
        size="md"
        title={<Text fw={650}>{current && deviceName(current)}</Text>}
      >
        {current && (
          <DeviceDetails key={current.mac} device={current} plan={plan} onForgotten={() => setOpened(null)} />
        )}
      </Drawer>
    </Stack>
  );
}
