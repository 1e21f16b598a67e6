import { Button, Text } from '@mantine/core';
import { describeTrouble } from '../api/problem.ts';
import { Notice } from './notice.tsx';

/** What went wrong, what to do about it, and a way to try again. Shows nothing without an error. */
export function Trouble({ error, retry }: { error: unknown; retry?: () => void }) {
  if (!error) return null;
  const { title, remedy, detail, requestId } = describeTrouble(error);
  return (
    <Notice tone="bad" title={title} urgent>
      {remedy}
      {detail && (
        <Text size="sm" c="dimmed" mt={4}>
          {detail}
        </Text>
      )}
      {requestId && (
        <Text size="xs" c="dimmed" mt={4}>
          Request {requestId}
        </Text>
      )}
      {retry && (
        <Button variant="default" size="sm" mt="sm" onClick={retry}>
          Try again
        </Button>
      )}
    </Notice>
  );
}
