import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { Confirm } from '../../shell/confirm.tsx';
import { Notice } from '../../shell/notice.tsx';
import { Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { useNetwork } from './network-context.tsx';
import { useOperation } from './use-operation.ts';

/** Removes what this system put on the router, and only that; shows first what that is. */
export function ResetSection() {
  const { own, router } = useNetwork();
  const preview = useOperation('reset.preview');
  const reset = useOperation('reset.run');
  const [asking, setAsking] = useState(false);
  const items = preview.data?.output?.items;
  return (
    <Section title="Reset">
      <Text size="sm" c="dimmed">
        Takes everything away that NetPilot set on this router: blocks, limits, groups, counters. Its own settings and
        its tunnel stay.
      </Text>
      <Trouble error={preview.error ?? reset.error} />
      {reset.data?.output && (
        <Notice tone="good">
          {reset.data.output.removed.length === 0
            ? 'There was nothing to remove.'
            : `Removed: ${reset.data.output.removed.length} things.`}
        </Notice>
      )}
      <Group justify="flex-end">
        <Button
          variant="outline"
          color="red"
          c="var(--np-bad)"
          mih={44}
          disabled={!own.live}
          loading={preview.isPending}
          onClick={() => preview.mutate({}, { onSuccess: () => setAsking(true) })}
        >
          Show what would be removed
        </Button>
      </Group>
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Reset ${router.name}?`}
        action="Remove all this"
        danger
        disabled={items === undefined || items.length === 0}
        onConfirm={() => reset.mutateAsync({})}
      >
        {items === undefined || items.length === 0 ? (
          'There is nothing of NetPilot on this router.'
        ) : (
          <ul>
            {items.map((item) => (
              <li key={item}>{item}</li>
            ))}
          </ul>
        )}
      </Confirm>
    </Section>
  );
}
