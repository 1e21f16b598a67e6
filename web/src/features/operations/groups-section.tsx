import { GUEST_GROUP, type Group as DeviceGroup } from '@netpilot/control-plane/contract/operations/access.ts';
import type { Device } from '@netpilot/control-plane/contract/devices.ts';
import { Button, Checkbox, Drawer, Group, MultiSelect, Stack, Switch, Text, TextInput } from '@mantine/core';
import { IconPlus, IconUsersGroup } from '@tabler/icons-react';
import { useState } from 'react';
import { useDevices } from '../../api/queries.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { LoadingRows } from '../../shell/loading.tsx';
import { Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { deviceName } from '../devices/device-words.ts';
import { useMyDevice } from '../devices/my-device.ts';
import { OwnDeviceQuestion } from '../devices/own-device-question.tsx';
import { useNetwork } from './network-context.tsx';
import { OperationTrouble } from './operation-trouble.tsx';
import { RatesFields } from './rates-fields.tsx';
import { useAccess } from './use-access.ts';
import { useOperation } from './use-operation.ts';
import { WindowsEditor } from './windows-editor.tsx';
import { ratesInWords, windowsInWords } from './words.ts';

const MOST = 99;

/** Devices under one policy each; Guest is always there. */
export function GroupsSection() {
  const { router, own, mayOperate } = useNetwork();
  const access = useAccess();
  const devices = useDevices(router.id);
  const [edited, setEdited] = useState<DeviceGroup | null>(null);
  if (access.pending) return <LoadingRows />;
  const { groups, known } = access.plan;
  const used = new Set(groups.map(({ id }) => id));
  const free = Array.from({ length: MOST }, (_, at) => at + 1).find((id) => !used.has(id));
  return (
    <Section
      title="Groups"
      actions={
        mayOperate && (
          <Button
            mih={44}
            leftSection={<IconPlus size={18} aria-hidden />}
            disabled={!own.live || free === undefined}
            onClick={() =>
              free !== undefined &&
              setEdited({ id: free, name: '', members: [], policy: { block: false, limit: null, windows: [] } })
            }
          >
            New group
          </Button>
        )
      }
    >
      <Trouble error={access.error} retry={access.refetch} />
      <ul className="np-rows" data-columns="2">
        {groups.map((group) => (
          <li key={group.id} className="np-surface np-row">
            <button type="button" className="np-open" disabled={!mayOperate} onClick={() => setEdited(group)}>
              <span className="np-picture">
                <IconUsersGroup size={22} aria-hidden />
              </span>
              <span className="np-row-main">
                <Text component="span" display="block" fw={600}>
                  {group.name}
                </Text>
                <Text component="span" display="block" size="sm" c="dimmed">
                  {policyInWords(group)} · {group.members.length === 1 ? '1 device' : `${group.members.length} devices`}
                </Text>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <NewcomersSwitch known={known} devices={devices.data?.items ?? []} />
      <Drawer
        opened={edited !== null}
        onClose={() => setEdited(null)}
        position="right"
        size="md"
        title={<Text fw={650}>{edited?.name || 'New group'}</Text>}
      >
        {edited && (
          <GroupForm
            key={edited.id}
            group={edited}
            devices={devices.data?.items ?? []}
            isNew={!used.has(edited.id)}
            onDone={() => setEdited(null)}
          />
        )}
      </Drawer>
    </Section>
  );
}

/** Whether the policy of Guest holds for devices that nobody has seen before. */
function NewcomersSwitch({ known, devices }: { known: string[] | null; devices: Device[] }) {
  const { own, mayOperate } = useNetwork();
  const tell = useOperation('access.known');
  return (
    <>
      <Switch
        size="md"
        label="New devices are guests"
        description="A device that was never seen before is held to the policy of Guest from its first moment."
        checked={known !== null}
        disabled={!mayOperate || !own.live || tell.isPending}
        onChange={({ currentTarget }) =>
          tell.mutate({ known: currentTarget.checked ? devices.map(({ mac }) => mac) : null })
        }
      />
      {known !== null && (
        <Text size="sm" c="dimmed">
          {known.length} devices are known.
        </Text>
      )}
      <OperationTrouble error={tell.error} />
    </>
  );
}

function policyInWords({ policy }: DeviceGroup): string {
  const does = [policy.block ? 'no Internet' : null, policy.limit ? ratesInWords(policy.limit) : null].filter(Boolean);
  if (does.length === 0) return 'No limits';
  return `${does.join(', ')}${policy.windows.length === 0 ? '' : `, ${windowsInWords(policy.windows)}`}`;
}

interface GroupFormProps {
  group: DeviceGroup;
  devices: Device[];
  isNew: boolean;
  onDone: () => void;
}

function GroupForm({ group, devices, isNew, onDone }: GroupFormProps) {
  const { own, router } = useNetwork();
  const save = useOperation('access.group');
  const remove = useOperation('access.delete_group');
  const [draft, setDraft] = useState(group);
  const [asking, setAsking] = useState(false);
  const [askingOwn, setAskingOwn] = useState(false);
  const { mine, asker } = useMyDevice(router.id);
  const { policy } = draft;
  const valid =
    draft.name.trim() !== '' &&
    policy.windows.every(({ days, from, to }) => days.length > 0 && from !== '' && to !== '');
  const names = new Map(devices.map((device) => [device.mac, deviceName(device)]));
  const macs = [...new Set([...names.keys(), ...draft.members])];
  const change = (part: Partial<DeviceGroup['policy']>) => setDraft({ ...draft, policy: { ...policy, ...part } });
  const put = async (confirmed: boolean) => {
    await save.mutateAsync({ group: { ...draft, name: draft.name.trim() }, asker: asker(confirmed) });
    onDone();
  };
  const cutsOff = policy.block && mine !== null && draft.members.includes(mine);
  const submit = () => (cutsOff ? setAskingOwn(true) : void put(false).catch(() => undefined));
  return (
    <Stack>
      <TextInput
        label="Name"
        size="md"
        maxLength={80}
        value={draft.name}
        disabled={draft.id === GUEST_GROUP}
        onChange={({ currentTarget }) => setDraft({ ...draft, name: currentTarget.value })}
        data-autofocus
      />
      <MultiSelect
        label="Devices"
        description="A device is in one group only."
        placeholder={draft.members.length === 0 ? 'Choose devices' : undefined}
        size="md"
        searchable
        clearable
        data={macs.map((mac) => ({ value: mac, label: names.get(mac) ?? mac }))}
        value={draft.members}
        onChange={(members) => setDraft({ ...draft, members })}
      />
      <Switch
        size="md"
        label="No Internet"
        checked={policy.block}
        onChange={({ currentTarget }) => change({ block: currentTarget.checked })}
      />
      <Checkbox
        size="md"
        label="Limit the speed"
        checked={policy.limit !== null}
        onChange={({ currentTarget }) => change({ limit: currentTarget.checked ? { downMbps: 10, upMbps: 5 } : null })}
      />
      {policy.limit && (
        <RatesFields legend="All members together" rates={policy.limit} onChange={(limit) => change({ limit })} />
      )}
      <div>
        <Text size="sm" fw={550}>
          When
        </Text>
        <Text size="sm" c="dimmed" mb="xs">
          {policy.windows.length === 0 ? 'Always. Add times to hold it to them.' : windowsInWords(policy.windows)}
        </Text>
        <WindowsEditor windows={policy.windows} onChange={(windows) => change({ windows })} />
      </div>
      <OperationTrouble error={save.error} />
      <Group justify="space-between" gap="sm">
        {draft.id !== GUEST_GROUP && !isNew ? (
          <Button
            variant="outline"
            color="red"
            c="var(--np-bad)"
            mih={44}
            disabled={!own.live}
            onClick={() => setAsking(true)}
          >
            Delete group
          </Button>
        ) : (
          <span />
        )}
        <Button mih={44} disabled={!valid || !own.live} loading={save.isPending} onClick={submit}>
          Save
        </Button>
      </Group>
      <OwnDeviceQuestion
        opened={askingOwn}
        onClose={() => setAskingOwn(false)}
        name={names.get(mine ?? '') ?? 'this device'}
        onConfirm={() => put(true)}
      />
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Delete ${group.name}?`}
        action="Delete group"
        danger
        onConfirm={async () => {
          await remove.mutateAsync({ id: group.id });
          onDone();
        }}
      >
        Its devices are no longer held to its policy.
      </Confirm>
    </Stack>
  );
}
