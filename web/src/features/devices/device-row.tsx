import type { Device } from '@netpilot/control-plane/contract/devices.ts';
import type { AccessPlan } from '@netpilot/control-plane/contract/operations/access.ts';
import { Group, Text } from '@mantine/core';
import { BlockSwitch } from './block-switch.tsx';
import { DevicePicture } from './device-picture.tsx';
import { connectionInWords, deviceName } from './device-words.ts';
import { useMyDevice } from './my-device.ts';
import { useNetwork } from '../operations/network-context.tsx';
import { Tag } from '../operations/tag.tsx';

interface DeviceRowProps {
  device: Device;
  plan: AccessPlan;
  onOpen: () => void;
}

/** One device: its picture, what is known of it, and the switch of its Internet. */
export function DeviceRow({ device, plan, onOpen }: DeviceRowProps) {
  const { router } = useNetwork();
  const { mine } = useMyDevice(router.id);
  const name = deviceName(device);
  const group = plan.groups.find(({ members }) => members.includes(device.mac));
  const block = plan.blocks.find(({ mac }) => mac === device.mac);
  return (
    <li className="np-surface np-row" aria-label={name}>
      <button type="button" className="np-open" onClick={onOpen} aria-haspopup="dialog">
        <DevicePicture device={device} />
        <span className="np-row-main">
          <Group component="span" gap={6}>
            <Text component="span" fw={600} truncate maw="100%">
              {name}
            </Text>
            {mine === device.mac && <Tag>Mine</Tag>}
            {group && <Tag>{group.name}</Tag>}
            {block && block.windows.length > 0 && <Tag tone="warn">Bedtime</Tag>}
          </Group>
          <Text component="span" display="block" size="sm" c="dimmed">
            {device.online ? 'On line' : 'Away'} · {connectionInWords(device)}
          </Text>
          <Text component="span" display="block" size="xs" c="dimmed">
            {[device.addresses[0], device.vendor ?? (device.randomised ? 'Private address' : null)]
              .filter(Boolean)
              .join(' · ')}
          </Text>
        </span>
      </button>
      <BlockSwitch device={device} block={block ?? null} />
    </li>
  );
}
