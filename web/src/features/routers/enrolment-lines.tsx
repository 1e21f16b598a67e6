import type { Enrolment, Router } from '@netpilot/control-plane/contract/routers.ts';
import { Group, List, Stack, Text } from '@mantine/core';
import { IconCheck, IconRouter } from '@tabler/icons-react';
import { CopyLine } from '../../shell/copy.tsx';
import { Notice } from '../../shell/notice.tsx';
import { Countdown, useNow } from '../../shell/time.tsx';

/** The line to paste, until when it works, what it does and how to undo it. */
export function EnrolmentLines({ enrolment }: { enrolment: Enrolment }) {
  const expired = useNow() > Date.parse(enrolment.expiresAt);
  if (expired) {
    return (
      <Notice tone="warn" title="This line has expired">
        Make a new line on the page of the router.
      </Notice>
    );
  }
  return (
    <Stack gap="sm">
      <Text>Paste this line into the shell of the router, as root:</Text>
      <CopyLine line={enrolment.install} label="Line to paste" />
      <Text size="sm" c="dimmed">
        It works once, and for another <Countdown at={enrolment.expiresAt} />.
      </Text>
      <details>
        <summary style={{ cursor: 'pointer', minHeight: 32 }}>What does it do?</summary>
        <List size="sm" mt="xs" spacing={4}>
          <List.Item>It makes a key for the tunnel on the router; the private half never leaves it.</List.Item>
          <List.Item>It lets the bastion's key for this router sign in over SSH.</List.Item>
          <List.Item>It installs a service that keeps a reverse tunnel open, also after a restart.</List.Item>
        </List>
        <Text size="sm" mt="sm">
          To undo all of it later, paste this on the router:
        </Text>
        <CopyLine line={enrolment.remove} label="Line to remove" />
      </details>
    </Stack>
  );
}

/** Waits for the tunnel of a router and says when it is there. */
export function WaitingForRouter({ router }: { router: Router }) {
  const { up } = router.tunnel;
  return (
    <Group gap="lg" wrap="nowrap" data-tone={up ? 'good' : 'info'} role="status">
      <div className="np-rings" data-waiting={up ? undefined : true} aria-hidden>
        {up ? <IconCheck size={34} /> : <IconRouter size={34} />}
      </div>
      <div>
        <Text fw={650} className="np-tone">
          {up ? 'The router is online' : 'Waiting for the router…'}
        </Text>
        <Text size="sm" c="dimmed">
          {up
            ? 'Its tunnel is open. You can open a terminal now.'
            : 'This turns green by itself as soon as its tunnel opens, usually within seconds.'}
        </Text>
      </div>
    </Group>
  );
}
