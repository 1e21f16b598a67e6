import { printableName } from '@netpilot/control-plane/contract/printable.ts';
import { ActionIcon, Drawer, Menu, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconDotsVertical } from '@tabler/icons-react';
import { useState } from 'react';
import type { Row } from './file-list.tsx';

/** Something that can be done with an entry, or with those that are selected. */
export interface FileAction {
  readonly label: string;
  readonly run: () => void;
  readonly danger?: boolean;
}

/** What can be done with one entry: a menu, on a phone a sheet from below. */
export function RowMenu({ row, phone, actions }: { row: Row; phone: boolean; actions: readonly FileAction[] }) {
  const [opened, setOpened] = useState(false);
  const name = printableName(row.entry.name);
  const button = (
    <ActionIcon
      variant="subtle"
      c="var(--mantine-color-text)"
      size={phone ? 44 : 32}
      tabIndex={-1}
      aria-label={`Actions for ${name}`}
      onClick={phone ? () => setOpened(true) : undefined}
    >
      <IconDotsVertical size={18} aria-hidden />
    </ActionIcon>
  );
  if (!phone) {
    return (
      <Menu position="bottom-end" withinPortal keepMounted={false}>
        <Menu.Target>{button}</Menu.Target>
        <Menu.Dropdown>
          {actions.map(({ label, run, danger }) => (
            <Menu.Item key={label} c={danger === true ? 'var(--np-bad)' : undefined} onClick={run}>
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    );
  }
  return (
    <>
      {button}
      <Drawer
        opened={opened}
        onClose={() => setOpened(false)}
        position="bottom"
        size="auto"
        title={
          <Text fw={650} truncate>
            <bdi>{name}</bdi>
          </Text>
        }
      >
        <Stack gap={0} pb="env(safe-area-inset-bottom)">
          {actions.map(({ label, run, danger }) => (
            <UnstyledButton
              key={label}
              className="np-sheet-item"
              c={danger === true ? 'var(--np-bad)' : undefined}
              onClick={() => {
                setOpened(false);
                run();
              }}
            >
              {label}
            </UnstyledButton>
          ))}
        </Stack>
      </Drawer>
    </>
  );
}
