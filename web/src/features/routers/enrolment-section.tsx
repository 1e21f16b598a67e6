import type { Router } from '@netpilot/control-plane/contract/routers.ts';
import { Button, Group, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { api } from '../../api/calls.ts';
import { Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { EnrolmentLines, WaitingForRouter } from './enrolment-lines.tsx';

/** A new line to paste: for the first time, after a reset, or to remove everything from the router again. */
export function EnrolmentSection({ router }: { router: Router }) {
  const line = useMutation({ mutationFn: () => api.newEnrolment(router.id) });
  return (
    <Section title="Line for the router">
      <Text size="sm" c="dimmed">
        {router.enrolledAt
          ? 'After a reset of the router, make a new line and paste it again. The present tunnel stays until then.'
          : 'The router has not been set up yet. Make a line and paste it into its shell.'}
      </Text>
      <Trouble error={line.error} />
      {line.data && (
        <>
          <EnrolmentLines enrolment={line.data} />
          <WaitingForRouter router={router} />
        </>
      )}
      <Group>
        <Button variant="default" mih={44} loading={line.isPending} onClick={() => line.mutate()}>
          Make a new line
        </Button>
      </Group>
    </Section>
  );
}
