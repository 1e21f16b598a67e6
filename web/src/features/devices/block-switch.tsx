import type { Device } from '@netpilot/control-plane/contract/devices.ts';
import type { Block } from '@netpilot/control-plane/contract/operations/access.ts';
import { Loader, Switch, Text } from '@mantine/core';
import { useState } from 'react';
import { useNetwork } from '../operations/network-context.tsx';
import { useOperation } from '../operations/use-operation.ts';
import { deviceName } from './device-words.ts';
import { useMyDevice } from './my-device.ts';
import { OwnDeviceQuestion } from './own-device-question.tsx';

interface BlockSwitchProps {
  device: Device;
  block: Block | null;
}

/** Internet of a device, on or off. It shows what the router confirmed; the device of the person themself is asked about first. */
export function BlockSwitch({ device, block }: BlockSwitchProps) {
  const { router, own, mayOperate } = useNetwork();
  const { mine, asker } = useMyDevice(router.id);
  const [asking, setAsking] = useState(false);
  const blocking = useOperation('access.block');
  const unblocking = useOperation('access.unblock');
  const name = deviceName(device);
  const busy = blocking.isPending || unblocking.isPending;
  const error = blocking.error ?? unblocking.error;
  const change = (allowed: boolean) => {
    if (allowed) return unblocking.mutate({ mac: device.mac });
    if (mine === device.mac) return setAsking(true);
    blocking.mutate({ mac: device.mac, asker: asker(false) });
  };
  return (
    <>
      <span className="np-toggle">
        <Text component="span" size="xs" c="dimmed" aria-hidden>
          Internet
        </Text>
        <Switch
          size="lg"
          aria-label={`Internet for ${name}`}
          aria-busy={busy}
          checked={block === null || block.windows.length > 0}
          disabled={!mayOperate || !own.live || busy}
          thumbIcon={busy ? <Loader size={12} aria-hidden /> : undefined}
          error={error ? 'Did not work' : undefined}
          onChange={({ currentTarget }) => change(currentTarget.checked)}
        />
      </span>
      <OwnDeviceQuestion
        opened={asking}
        onClose={() => setAsking(false)}
        name={name}
        onConfirm={() => blocking.mutateAsync({ mac: device.mac, asker: asker(true) })}
      />
    </>
  );
}
