import type { Device } from '@netpilot/control-plane/contract/devices.ts';
import type { Block } from '@netpilot/control-plane/contract/operations/access.ts';
import { Loader, Switch, Text } from '@mantine/core';
import { useState } from 'react';
import { isProblem } from '../../api/problem.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { useNetwork } from '../operations/network-context.tsx';
import { useOperation } from '../operations/use-operation.ts';
import { deviceName } from './device-words.ts';
import { useMyDevice } from './my-device.ts';

interface BlockSwitchProps {
  device: Device;
  block: Block | null;
}

/** Internet of a device, on or off. It shows what the router confirmed; the device of the person themself is asked about first. */
export function BlockSwitch({ device, block }: BlockSwitchProps) {
  const { router, own, mayOperate } = useNetwork();
  const [mine] = useMyDevice(router.id);
  const [asking, setAsking] = useState(false);
  const blocking = useOperation('access.block');
  const unblocking = useOperation('access.unblock');
  const name = deviceName(device);
  const busy = blocking.isPending || unblocking.isPending;
  const error = blocking.error ?? unblocking.error;
  const devices = mine === null ? [] : [mine];
  const change = (allowed: boolean) => {
    if (allowed) return unblocking.mutate({ mac: device.mac });
    if (mine === device.mac) return setAsking(true);
    blocking.mutate(
      { mac: device.mac, asker: { devices } },
      {
        onError: (refusal) =>
          isProblem(refusal, 'device_protected') &&
          refusal.problem.operation?.code === 'protected_device' &&
          refusal.problem.operation.reason === 'own' &&
          setAsking(true),
      },
    );
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
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title="Block your own device?"
        action="Block it"
        danger
        onConfirm={() => blocking.mutateAsync({ mac: device.mac, asker: { devices, confirmed: true } })}
      >
        You said that you are using {name}. Without the Internet you cannot unblock it from here: you would need another
        device or another network.
      </Confirm>
    </>
  );
}
