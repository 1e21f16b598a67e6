import type { Router } from '@netpilot/control-plane/contract/routers.ts';
import { Button, type ButtonProps, Tooltip } from '@mantine/core';
import { IconTerminal2 } from '@tabler/icons-react';
import { useSignedIn } from '../../api/queries.ts';
import { operates } from '../organisations/rights.ts';

interface OpenTerminalProps extends ButtonProps {
  router: Router;
  busy: boolean;
  onOpen: () => void;
}

/** The main action on a router. Where it cannot be done it says why instead of vanishing. */
export function OpenTerminalButton({ router, busy, onOpen, ...props }: OpenTerminalProps) {
  const me = useSignedIn();
  const reason = whyNot(router, operates(me, router.organisationId));
  return (
    <Tooltip label={reason} disabled={reason === null}>
      <Button
        {...props}
        mih={44}
        leftSection={<IconTerminal2 size={18} aria-hidden />}
        loading={busy}
        data-disabled={reason !== null || undefined}
        aria-disabled={reason !== null}
        aria-description={reason ?? `on ${router.name}`}
        onClick={(event) => (reason === null ? onOpen() : event.preventDefault())}
      >
        Open terminal
      </Button>
    </Tooltip>
  );
}

function whyNot(router: Router, mayOperate: boolean): string | null {
  if (!mayOperate) return 'Viewers cannot open terminals';
  if (router.attachment === 'enrolled' && router.enrolledAt === null) return 'Paste the line on the router first';
  if (router.attachment === 'enrolled' && !router.tunnel.up) return 'The router is offline';
  return null;
}
