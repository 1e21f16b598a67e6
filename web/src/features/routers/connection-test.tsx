import type { ConnectionFinding, ConnectionTest, Router } from '@netpilot/control-plane/contract/routers.ts';
import { Button, Group, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconPlugConnected } from '@tabler/icons-react';
import { useState } from 'react';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { useSignedIn } from '../../api/queries.ts';
import { Notice } from '../../shell/notice.tsx';
import { Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { operates } from '../organisations/rights.ts';
import { HostKeyDialog } from './host-key.tsx';

const TITLES: Record<ConnectionFinding, string> = {
  ok: 'Connected',
  no_tunnel: 'No tunnel',
  refused: 'Refused',
  timeout: 'No answer in time',
  wrong_credentials: 'Wrong credentials',
  host_key_unconfirmed: 'Reached for the first time',
  host_key_changed: 'The host key has changed',
  no_common_algorithm: 'Outdated encryption',
  failed: 'Failed',
};

/** Tries the whole way to the router once and says in words how far it came. */
export function ConnectionTestSection({ router, mayConfirm }: { router: Router; mayConfirm: boolean }) {
  const me = useSignedIn();
  const client = useQueryClient();
  const test = useMutation({
    mutationFn: () => api.testRouter(router.id),
    onSettled: () => client.invalidateQueries({ queryKey: keys.router(router.id) }),
  });
  return (
    <Section title="Connection">
      <Text size="sm" c="dimmed">
        Goes the whole way once: through the tunnel, up to signing in on the router.
      </Text>
      {operates(me, router.organisationId) && (
        <Group>
          <Button
            variant="default"
            mih={44}
            leftSection={<IconPlugConnected size={18} aria-hidden />}
            loading={test.isPending}
            onClick={() => test.mutate()}
          >
            Test connection
          </Button>
        </Group>
      )}
      <Trouble error={test.error} />
      {test.data && !test.isPending && <Finding test={test.data} router={router} mayConfirm={mayConfirm} />}
    </Section>
  );
}

function Finding({ test, router, mayConfirm }: { test: ConnectionTest; router: Router; mayConfirm: boolean }) {
  const [confirming, setConfirming] = useState(false);
  const aboutKey = test.finding === 'host_key_unconfirmed' || test.finding === 'host_key_changed';
  const tone = test.finding === 'ok' ? 'good' : test.finding === 'host_key_unconfirmed' ? 'warn' : 'bad';
  const took = test.milliseconds === null ? '' : ` in ${Math.round(test.milliseconds)} ms`;
  return (
    <Notice tone={tone} title={TITLES[test.finding] + (test.finding === 'ok' ? took : '')}>
      {test.explanation}
      {test.detail && (
        <Text size="sm" c="dimmed" mt={4}>
          {test.detail}
        </Text>
      )}
      {aboutKey && test.fingerprint && mayConfirm && test.fingerprint !== router.hostKeyFingerprint && (
        <Button variant="default" size="sm" mt="sm" onClick={() => setConfirming(true)}>
          Compare the host key
        </Button>
      )}
      {test.fingerprint && (
        <HostKeyDialog
          router={router}
          fingerprint={test.fingerprint}
          opened={confirming}
          onClose={() => setConfirming(false)}
        />
      )}
    </Notice>
  );
}
