import { AppShell, Box, Drawer, Group, Stack } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { IconDots } from '@tabler/icons-react';
import { Link, NavLink, Outlet } from 'react-router';
import { useSignedIn } from '../api/queries.ts';
import { paths } from '../routes/paths.ts';
import { AccountMenu } from './account-menu.tsx';
import { Brand } from './brand.tsx';
import { BOTTOM_PLACES, type Destination, destinations } from './navigation.ts';
import { OfflineBanner } from './offline-banner.tsx';
import { SchemeToggle } from './scheme-toggle.tsx';

/** Header, navigation (aside, or at the bottom of a phone) and the page between. */
export function Shell() {
  const places = destinations(useSignedIn());
  const phone = useMediaQuery('(max-width: 48em)', window.innerWidth <= 768, { getInitialValueInEffect: false });
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={phone ? undefined : { width: 220, breakpoint: 0 }}
      footer={phone ? { height: 'calc(56px + env(safe-area-inset-bottom))' } : undefined}
      padding={{ base: 'md', sm: 'xl' }}
    >
      <a className="np-skip" href="#content">
        Skip to content
      </a>
      <AppShell.Header bg="var(--np-surface)" px="md">
        <Group h="100%" justify="space-between" wrap="nowrap">
          <Link to={paths.home()} style={{ color: 'inherit', textDecoration: 'none' }}>
            <Brand />
          </Link>
          <Group gap={4} wrap="nowrap">
            <SchemeToggle />
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      {phone ? (
        <AppShell.Footer bg="var(--np-surface)">
          <BottomNavigation places={places} />
        </AppShell.Footer>
      ) : (
        <AppShell.Navbar p="sm" bg="var(--np-surface)" aria-label="Main">
          <Places places={places} />
        </AppShell.Navbar>
      )}
      <AppShell.Main id="content" tabIndex={-1} style={{ outline: 'none' }}>
        <Box mx={{ base: '-md', sm: '-xl' }} mt={{ base: '-md', sm: '-xl' }} mb={{ base: 'md', sm: 'xl' }}>
          <OfflineBanner />
        </Box>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

function Places({ places, onVisit }: { places: Destination[]; onVisit?: () => void }) {
  return (
    <Stack gap={4}>
      {places.map(({ to, label, Icon }) => (
        <NavLink key={to} to={to} className="np-nav" onClick={onVisit}>
          <Icon size={20} aria-hidden />
          {label}
        </NavLink>
      ))}
    </Stack>
  );
}

function BottomNavigation({ places }: { places: Destination[] }) {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <nav aria-label="Main" className="np-bottom">
      {places.slice(0, BOTTOM_PLACES).map(({ to, label, Icon }) => (
        <NavLink key={to} to={to}>
          <Icon size={22} aria-hidden />
          {label}
        </NavLink>
      ))}
      <button type="button" onClick={open} aria-haspopup="dialog">
        <IconDots size={22} aria-hidden />
        More
      </button>
      <Drawer opened={opened} onClose={close} position="bottom" size="auto" title="More" radius="lg">
        <Places places={places.slice(BOTTOM_PLACES)} onVisit={close} />
      </Drawer>
    </nav>
  );
}
