import { Button, Menu, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconChevronDown, IconLogout, IconUserCircle } from '@tabler/icons-react';
import { Link } from 'react-router';
import { api } from '../api/calls.ts';
import { keys } from '../api/keys.ts';
import { useSignedIn } from '../api/queries.ts';
import { paths } from '../routes/paths.ts';

/** Signs out here: nothing that was loaded stays in the page. */
export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: api.signOut,
    onSuccess: () => {
      client.setQueryData(keys.me, null);
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.me[0] });
    },
  });
}

/** The signed-in person, their account and the way out. */
export function AccountMenu() {
  const me = useSignedIn();
  const signOut = useSignOut();
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          c="var(--mantine-color-text)"
          h={44}
          px="sm"
          visibleFrom="sm"
          rightSection={<IconChevronDown size={16} aria-hidden />}
        >
          <Text component="span" size="sm" maw={200} truncate>
            {me.name}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to={paths.account()} leftSection={<IconUserCircle size={18} aria-hidden />}>
          Account
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={18} aria-hidden />} onClick={() => signOut.mutate()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
