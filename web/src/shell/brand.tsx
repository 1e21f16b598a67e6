import { Group, Text } from '@mantine/core';

/** Name and mark of the product. */
export function Brand({ size = 28 }: { size?: number }) {
  return (
    <Group gap={10} wrap="nowrap" component="span">
      <img src="/icon.svg" width={size} height={size} alt="" />
      <Text component="span" fw={700} size={size > 32 ? 'xl' : 'md'} style={{ whiteSpace: 'nowrap' }}>
        NetPilot Bastion
      </Text>
    </Group>
  );
}
