import { Box, Skeleton, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** Stands for rows on their way. */
export function LoadingRows({ rows = 3, height = 84 }: { rows?: number; height?: number }) {
  return (
    <Stack gap="sm" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} radius="md" />
      ))}
    </Stack>
  );
}

/** An empty list: what would be here and how to get it. */
export function Empty({
  icon,
  title,
  children,
  action,
}: {
  icon: ReactNode;
  title: string;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <Box className="np-surface" p="xl" ta="center">
      <Box c="dimmed" aria-hidden>
        {icon}
      </Box>
      <Title order={2} size="h4" mt="sm">
        {title}
      </Title>
      <Text c="dimmed" maw={460} mx="auto" mt={4}>
        {children}
      </Text>
      {action && <Box mt="lg">{action}</Box>}
    </Box>
  );
}
