import { DEVICE_KINDS, type Device, type DeviceChange } from '@netpilot/control-plane/contract/devices.ts';
import {
  type AccessPlan,
  GUEST_GROUP,
  type Group,
  type Mode,
} from '@netpilot/control-plane/contract/operations/access.ts';
import { Button, Checkbox, Divider, Group as Line, Select, Stack, Switch, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { Notice } from '../../shell/notice.tsx';
import { RenameForm } from '../../shell/rename-form.tsx';
import { Ago } from '../../shell/time.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { useNetwork } from '../operations/network-context.tsx';
import { OperationTrouble } from '../operations/operation-trouble.tsx';
import { useOperation } from '../operations/use-operation.ts';
import { BEDTIME, WindowsEditor } from '../operations/windows-editor.tsx';
import { windowsInWords } from '../operations/words.ts';
import { KIND_WORDS, connectionInWords, deviceName } from './device-words.ts';
import { useMyDevice } from './my-device.ts';
import { OwnDeviceQuestion } from './own-device-question.tsx';

interface DeviceDetailsProps {
  device: Device;
  plan: AccessPlan;
  onForgotten: () => void;
}

/** Everything about one device: what people give it, its bedtime, its group and lists, and what was seen of it. */
export function DeviceDetails({ device, plan, onForgotten }: DeviceDetailsProps) {
  const { router, mayOperate } = useNetwork();
  const { mine, say } = useMyDevice(router.id);
  return (
    <Stack>
      {device.randomised && (
        <Notice tone="info" title="Private address">
          This device made up its hardware address. What is set for it ends when it makes up another; switch that off in
          its Wi-Fi settings to keep it.
        </Notice>
      )}
      {mayOperate && <Description device={device} />}
      <Switch
        size="md"
        label="I am using this device"
        description="Kept in this browser: blocking it asks once more."
        checked={mine === device.mac}
        onChange={({ currentTarget }) => say(currentTarget.checked ? device.mac : null)}
      />
      <Divider />
      <Bedtime device={device} plan={plan} />
      <Divider />
      <Membership device={device} plan={plan} />
      <Divider />
      <Facts device={device} />
      {mayOperate && <Forget device={device} onForgotten={onForgotten} />}
    </Stack>
  );
}

function Description({ device }: { device: Device }) {
  const { router } = useNetwork();
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (body: DeviceChange) => api.changeDevice(router.id, device.mac, body),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.devices(router.id) }),
  });
  const kinds = DEVICE_KINDS.map((value) => ({ value, label: KIND_WORDS[value] }));
  const kindOf = (value: string | null) => DEVICE_KINDS.find((kind) => kind === value) ?? null;
  return (
    <>
      <RenameForm
        key={device.name}
        name={device.name ?? deviceName(device)}
        busy={change.isPending}
        onRename={(name) => change.mutate({ name })}
      />
      <Line gap="sm" grow>
        <Select
          label="What it is"
          size="md"
          clearable
          placeholder="Not said"
          data={kinds}
          value={device.kind}
          onChange={(value) => change.mutate({ kind: kindOf(value) })}
        />
        <Select
          label="Picture"
          size="md"
          clearable
          placeholder="As what it is"
          data={kinds}
          value={device.icon}
          onChange={(value) => change.mutate({ icon: kindOf(value) })}
        />
      </Line>
      <Trouble error={change.error} />
    </>
  );
}

/** Times without Internet; none and no block is always allowed. */
function Bedtime({ device, plan }: { device: Device; plan: AccessPlan }) {
  const { own, mayOperate, router } = useNetwork();
  const { mine, asker } = useMyDevice(router.id);
  const [asking, setAsking] = useState(false);
  const present = plan.blocks.find(({ mac }) => mac === device.mac);
  const [windows, setWindows] = useState(present?.windows ?? []);
  const block = useOperation('access.block');
  const unblock = useOperation('access.unblock');
  const same = JSON.stringify(windows) === JSON.stringify(present?.windows ?? []);
  const valid = windows.every(({ days, from, to }) => days.length > 0 && from !== '' && to !== '');
  const setBedtime = (confirmed: boolean) => block.mutateAsync({ mac: device.mac, windows, asker: asker(confirmed) });
  const save = () => {
    if (windows.length === 0) unblock.mutate({ mac: device.mac });
    else if (mine === device.mac) setAsking(true);
    else void setBedtime(false).catch(() => undefined);
  };
  return (
    <div>
      <Text fw={600} size="sm">
        Bedtime
      </Text>
      <Text size="sm" c="dimmed" mb="xs">
        {present && present.windows.length === 0
          ? 'Blocked at all times.'
          : present
            ? `No Internet ${windowsInWords(present.windows)}.`
            : 'Internet at all times.'}
      </Text>
      {mayOperate && (
        <>
          {windows.length === 0 ? (
            <Button variant="default" mih={44} onClick={() => setWindows([BEDTIME])}>
              Set a bedtime
            </Button>
          ) : (
            <WindowsEditor windows={windows} onChange={setWindows} />
          )}
          <OperationTrouble error={block.error ?? unblock.error} />
          <OwnDeviceQuestion
            opened={asking}
            onClose={() => setAsking(false)}
            name={deviceName(device)}
            onConfirm={() => setBedtime(true)}
          />
          {!same && (
            <Line justify="flex-end" mt="sm">
              <Button
                mih={44}
                disabled={!own.live || !valid}
                loading={block.isPending || unblock.isPending}
                onClick={save}
              >
                Save bedtime
              </Button>
            </Line>
          )}
        </>
      )}
    </div>
  );
}

function Membership({ device, plan }: { device: Device; plan: AccessPlan }) {
  const { own, mayOperate, router } = useNetwork();
  const { mine, asker } = useMyDevice(router.id);
  const [asked, setAsked] = useState<Group | null>(null);
  const group = useOperation('access.group');
  const list = useOperation('access.list');
  const present = plan.groups.find(({ members }) => members.includes(device.mac));
  const held = !mayOperate || !own.live || group.isPending || list.isPending;
  const put = (changed: Group, confirmed: boolean) => group.mutateAsync({ group: changed, asker: asker(confirmed) });
  const move = (to: string | null) => {
    const target = plan.groups.find(({ id }) => String(id) === to);
    const changed = target
      ? { ...target, members: [...target.members, device.mac] }
      : present && { ...present, members: present.members.filter((mac) => mac !== device.mac) };
    if (!changed) return;
    if (target?.policy.block && mine === device.mac) setAsked(changed);
    else void put(changed, false).catch(() => undefined);
  };
  const onList = (mode: Mode) => (
    <Checkbox
      size="md"
      label={mode === 'whitelist' ? 'On the whitelist: stays fast' : 'On the blacklist: is limited'}
      checked={plan[mode].devices.includes(device.mac)}
      disabled={held}
      onChange={({ currentTarget }) =>
        list.mutate({
          mode,
          add: currentTarget.checked ? [device.mac] : [],
          remove: currentTarget.checked ? [] : [device.mac],
        })
      }
    />
  );
  return (
    <Stack gap="sm">
      <Select
        label="Group"
        size="md"
        clearable
        placeholder="None"
        disabled={held}
        data={plan.groups.map(({ id, name }) => ({
          value: String(id),
          label: id === GUEST_GROUP ? `${name} (always there)` : name,
        }))}
        value={present ? String(present.id) : null}
        onChange={move}
      />
      {onList('whitelist')}
      {onList('blacklist')}
      <OperationTrouble error={group.error ?? list.error} />
      <OwnDeviceQuestion
        opened={asked !== null}
        onClose={() => setAsked(null)}
        name={deviceName(device)}
        onConfirm={async () => asked && put(asked, true)}
      />
    </Stack>
  );
}

function Facts({ device }: { device: Device }) {
  const { attachment } = device;
  return (
    <dl className="np-facts">
      <div>
        <dt>MAC</dt>
        <dd>{device.mac}</dd>
      </div>
      <div>
        <dt>Maker</dt>
        <dd>{device.vendor ?? 'unknown'}</dd>
      </div>
      <div>
        <dt>Connection</dt>
        <dd>{connectionInWords(device)}</dd>
      </div>
      {attachment?.type === 'wifi' && attachment.signalDbm !== null && (
        <div>
          <dt>Signal</dt>
          <dd>{attachment.signalDbm} dBm</dd>
        </div>
      )}
      <div>
        <dt>Addresses</dt>
        <dd>{device.addresses.join(', ') || 'none'}</dd>
      </div>
      <div>
        <dt>First seen</dt>
        <dd>{device.firstSeenAt ? <Ago at={device.firstSeenAt} /> : 'never'}</dd>
      </div>
      <div>
        <dt>Last seen</dt>
        <dd>{device.lastSeenAt ? <Ago at={device.lastSeenAt} /> : 'never'}</dd>
      </div>
    </dl>
  );
}

function Forget({ device, onForgotten }: { device: Device; onForgotten: () => void }) {
  const { router } = useNetwork();
  const client = useQueryClient();
  const forget = useMutation({
    mutationFn: () => api.forgetDevice(router.id, device.mac),
    onSuccess: async () => {
      onForgotten();
      await client.invalidateQueries({ queryKey: keys.devices(router.id) });
    },
  });
  return (
    <Line justify="flex-end">
      <Trouble error={forget.error} />
      <Button
        variant="subtle"
        color="gray"
        c="dimmed"
        mih={44}
        loading={forget.isPending}
        disabled={device.online}
        onClick={() => forget.mutate()}
      >
        Forget this device
      </Button>
    </Line>
  );
}
