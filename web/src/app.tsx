import { MantineProvider, localStorageColorSchemeManager } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { Navigate, RouterProvider, createBrowserRouter } from 'react-router';
import { createQueryClient } from './api/query-client.ts';
import { AccountPage } from './features/account/account-page.tsx';
import { AuditPage } from './features/organisations/audit-page.tsx';
import { NewOrganisationPage } from './features/organisations/new-organisation-page.tsx';
import { OrganisationPage } from './features/organisations/organisation-page.tsx';
import { OrganisationsPage } from './features/organisations/organisations-page.tsx';
import { OversightPage } from './features/oversight/oversight-page.tsx';
import { RecordingsPage } from './features/recordings/recordings-page.tsx';
import { NewRouterPage } from './features/routers/new-router-page.tsx';
import { RouterPage } from './features/routers/router-page.tsx';
import { RoutersPage } from './features/routers/routers-page.tsx';
import { SessionsPage } from './features/sessions/sessions-page.tsx';
import { UsersPage } from './features/users/users-page.tsx';
import { paths, patterns } from './routes/paths.ts';
import { Crash } from './shell/crash.tsx';
import { NotFoundPage } from './shell/not-found.tsx';
import { Shell } from './shell/shell.tsx';
import { SignedIn } from './shell/signed-in.tsx';
import { cssVariables, theme } from './theme.ts';

/** The map of the application. The session page comes with the terminal, which is as large as all else, only when it is opened. */
const router = createBrowserRouter([
  {
    element: <SignedIn />,
    errorElement: <Crash />,
    hydrateFallbackElement: <div />,
    children: [
      {
        path: patterns.watch,
        lazy: async () => ({ Component: (await import('./features/oversight/watch-page.tsx')).WatchPage }),
      },
      {
        path: patterns.sessionPage,
        lazy: async () => ({ Component: (await import('./features/sessions/session-page.tsx')).SessionPage }),
      },
      {
        element: <Shell />,
        children: [
          { path: paths.home(), element: <Navigate to={paths.routers()} replace /> },
          { path: paths.signIn(), element: <Navigate to={paths.routers()} replace /> },
          { path: paths.routers(), element: <RoutersPage /> },
          { path: paths.routerNew(), element: <NewRouterPage /> },
          { path: patterns.router, element: <RouterPage /> },
          {
            path: patterns.network,
            lazy: async () => ({ Component: (await import('./features/operations/network-page.tsx')).NetworkPage }),
          },
          { path: paths.sessions(), element: <SessionsPage /> },
          { path: paths.recordings(), element: <RecordingsPage /> },
          {
            path: patterns.recording,
            lazy: async () => ({
              Component: (await import('./features/recordings/recording-page.tsx')).RecordingPage,
            }),
          },
          { path: paths.organisations(), element: <OrganisationsPage /> },
          { path: paths.organisationNew(), element: <NewOrganisationPage /> },
          { path: patterns.organisation, element: <OrganisationPage /> },
          { path: patterns.audit, element: <AuditPage /> },
          { path: patterns.oversight, element: <OversightPage /> },
          { path: paths.platformAudit(), element: <AuditPage /> },
          { path: paths.users(), element: <UsersPage /> },
          { path: paths.account(), element: <AccountPage /> },
          { path: '*', element: <NotFoundPage /> },
        ],
      },
    ],
  },
]);

const client = createQueryClient();
const scheme = localStorageColorSchemeManager({ key: 'netpilot-scheme' });

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      colorSchemeManager={scheme}
    >
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
