import { Box, Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

interface PageProps {
  title: string;
  lead?: ReactNode;
  /** The page's own actions, beside the title. */
  actions?: ReactNode;
  /** A link back, above the title. */
  back?: ReactNode;
  children: ReactNode;
  /** Pixels; forms read better narrow. */
  width?: number;
}

/** Every page: one heading, what it is for, its actions, its content. */
export function Page({ title, lead, actions, back, children, width = 1_040 }: PageProps) {
  useDocumentTitle(`${title} · NetPilot Bastion`);
  return (
    <Box maw={width} mx="auto" w="100%">
      <Stack gap="lg">
        <Group justify="space-between" align="flex-start" gap="md">
          <Box flex="1 1 280px">
            {back}
            <Title order={1} size="h2">
              {title}
            </Title>
            {lead && (
              <Text c="dimmed" mt={4}>
                {lead}
              </Text>
            )}
          </Box>
          {actions && (
            <Group gap="sm" className="np-actions">
              {actions}
            </Group>
          )}
        </Group>
        {children}
      </Stack>
    </Box>
  );
}

/** A part of a page with a heading of its own. */
export function Section({ title, children, actions }: { title: string; children: ReactNode; actions?: ReactNode }) {
  return (
    <Box component="section" className="np-surface" p={{ base: 'md', sm: 'lg' }}>
      <Stack gap="md">
        <Group justify="space-between" gap="sm">
          <Title order={2} size="h4">
            {title}
          </Title>
          {actions}
        </Group>
        {children}
      </Stack>
    </Box>
  );
}
