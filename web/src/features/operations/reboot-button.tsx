import { Button } from '@mantine/core';
import { IconPower } from '@tabler/icons-react';
import { useState } from 'react';
import { Confirm } from '../../shell/confirm.tsx';
import { useNetwork } from './network-context.tsx';
import { useOperation } from './use-operation.ts';

/** Restarts the router, after one question. */
export function RebootButton() {
  const { own, router } = useNetwork();
  const [asking, setAsking] = useState(false);
  const reboot = useOperation('router.reboot');
  return (
    <>
      <Button
        variant="default"
        mih={44}
        leftSection={<IconPower size={18} aria-hidden />}
        disabled={!own.live}
        onClick={() => setAsking(true)}
      >
        Restart router
      </Button>
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Restart ${router.name}?`}
        action="Restart now"
        danger
        onConfirm={() => reboot.mutateAsync({})}
      >
        Everybody on its network loses the Internet for one to three minutes. The router comes back by itself, and this
        page with it.
      </Confirm>
    </>
  );
}
