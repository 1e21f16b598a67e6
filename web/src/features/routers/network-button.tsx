import type { Router } from '@netpilot/control-plane/contract/routers.ts';
import { IconDevices } from '@tabler/icons-react';
import { paths } from '../../routes/paths.ts';
import { LinkButton } from '../../shell/links.tsx';

/** The way to a router's devices, Wi-Fi and settings, without a shell. */
export function NetworkButton({ router }: { router: Router }) {
  return (
    <LinkButton
      to={paths.network(router.id)}
      variant="default"
      mih={44}
      leftSection={<IconDevices size={18} aria-hidden />}
      aria-description={`of ${router.name}`}
    >
      Manage network
    </LinkButton>
  );
}
