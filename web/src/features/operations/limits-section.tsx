import type { Mode, ModeSettings } from '@netpilot/control-plane/contract/operations/access.ts';
import { Button, Group, MultiSelect, Stack, Switch, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { useDevices } from '../../api/queries.ts';
import { LoadingRows } from '../../shell/loading.tsx';
import { Notice } from '../../shell/notice.tsx';
import { Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { deviceName } from '../devices/device-words.ts';
import { useNetwork } from './network-context.tsx';
import { OperationTrouble } from './operation-trouble.tsx';
import { RatesFields } from './rates-fields.tsx';
import { Tag } from './tag.tsx';
import { useAccess } from './use-access.ts';
import { useOperation } from './use-operation.ts';
import { mbps } from './words.ts';

const WORDS: Record<Mode, { title: string; does: string; list: string }> = {
  whitelist: {
    title: 'Whitelist',
    does: 'Everybody is limited except the devices on this list.',
    list: 'Devices that stay fast',
  },
  blacklist: {
    title: 'Blacklist',
    does: 'Only the devices on this list are limited.',
    list: 'Devices that are limited',
  },
};

/** The two modes: at most one is active. They slow devices down; they block nobody. */
export function LimitsSection() {
  const access = useAccess();
  if (access.pending) return <LoadingRows rows={2} height={240} />;
  const { plan, effect } = access;
  return (
    <Stack>
      <Trouble error={access.error} retry={access.refetch} />
      {(['whitelist', 'blacklist'] as const).map((mode) => (
        <ModeSection
          key={mode}
          mode={mode}
          settings={plan[mode]}
          active={plan.activeMode === mode}
          otherActive={plan.activeMode !== null && plan.activeMode !== mode}
        />
      ))}
      {effect && effect.classes.length > 0 && (
        <Section title="As the router really has it">
          <div className="np-scroll" tabIndex={0} role="group" aria-label="Rates on the router">
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Class</Table.Th>
                  <Table.Th>Down</Table.Th>
                  <Table.Th>Up</Table.Th>
                  <Table.Th>Devices</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {effect.classes.map(({ name, downMbps, upMbps, devices }) => (
                  <Table.Tr key={name}>
                    <Table.Td>{name}</Table.Td>
                    <Table.Td>{downMbps === null ? 'unlimited' : `${mbps(downMbps)} Mbit/s`}</Table.Td>
                    <Table.Td>{upMbps === null ? 'unlimited' : `${mbps(upMbps)} Mbit/s`}</Table.Td>
                    <Table.Td>{devices}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
          <Text size="sm" c="dimmed">
            {effect.engine === 'htb'
              ? 'Traffic over a rate is delayed.'
              : 'Traffic over a rate is dropped: this router has no traffic shaper.'}
            {effect.flowOffloading === 'off_for_policies' && ' Flow offloading is off while this is active.'}
          </Text>
        </Section>
      )}
    </Stack>
  );
}

interface ModeSectionProps {
  mode: Mode;
  settings: ModeSettings;
  active: boolean;
  otherActive: boolean;
}

function ModeSection({ mode, settings, active, otherActive }: ModeSectionProps) {
  const { router, own, mayOperate } = useNetwork();
  const devices = useDevices(router.id).data?.items ?? [];
  const activate = useOperation('access.mode');
  const rates = useOperation('access.rates');
  const list = useOperation('access.list');
  // What somebody else sets meanwhile takes nothing away from what is being typed here.
  const [draft, setDraft] = useState<Partial<ModeSettings>>({});
  const { limited, full, devices: listed } = { ...settings, ...draft };
  const { title, does, list: listLabel } = WORDS[mode];
  const names = new Map(devices.map((device) => [device.mac, deviceName(device)]));
  const macs = [...new Set([...names.keys(), ...listed])];
  const changedRates = JSON.stringify([limited, full]) !== JSON.stringify([settings.limited, settings.full]);
  const add = listed.filter((mac) => !settings.devices.includes(mac));
  const remove = settings.devices.filter((mac) => !listed.includes(mac));
  const changedList = add.length + remove.length > 0;
  const held = !mayOperate || !own.live;
  const save = async () => {
    if (changedRates) await rates.mutateAsync({ mode, limited, full });
    if (changedList) await list.mutateAsync({ mode, add, remove });
    setDraft({});
  };
  const saving = rates.isPending || list.isPending;
  return (
    <Section
      title={title}
      actions={
        <Group gap="sm">
          {active && <Tag tone="good">Active</Tag>}
          <Switch
            size="lg"
            aria-label={`${title} active`}
            checked={active}
            disabled={held || activate.isPending}
            onChange={({ currentTarget }) => activate.mutate({ mode: currentTarget.checked ? mode : null })}
          />
        </Group>
      }
    >
      <Text size="sm" c="dimmed">
        {does} {otherActive && 'Switching it on switches the other one off.'}
      </Text>
      {activate.isPending && <Notice tone="info">The router is changing its limits…</Notice>}
      <OperationTrouble error={activate.error} />
      <MultiSelect
        label={listLabel}
        placeholder={listed.length === 0 ? 'Choose devices' : undefined}
        size="md"
        searchable
        clearable
        disabled={held}
        data={macs.map((mac) => ({ value: mac, label: names.get(mac) ?? mac }))}
        value={listed}
        onChange={(chosen) => setDraft({ ...draft, devices: chosen })}
      />
      <RatesFields
        legend="Limited"
        rates={limited}
        onChange={(rates) => setDraft({ ...draft, limited: rates })}
        disabled={held}
      />
      <RatesFields
        legend="Others"
        rates={full}
        onChange={(rates) => setDraft({ ...draft, full: rates })}
        disabled={held}
      />
      <OperationTrouble error={rates.error ?? list.error} />
      {mayOperate && (
        <Group justify="flex-end">
          <Button
            mih={44}
            disabled={held || (!changedRates && !changedList)}
            loading={saving}
            onClick={() => void save().catch(() => undefined)}
          >
            Save {title.toLowerCase()}
          </Button>
        </Group>
      )}
    </Section>
  );
}
