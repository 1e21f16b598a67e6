import { Center, Loader } from '@mantine/core';
import { Outlet } from 'react-router';
import { useMe } from '../api/queries.ts';
import { SignInPage } from '../features/sign-in/sign-in-page.tsx';
import { LiveUpdates } from './live.tsx';
import { Trouble } from './trouble.tsx';

/** Shows what is below only to a signed-in person, and the sign-in page to everybody else, at the same address. */
export function SignedIn() {
  const me = useMe();
  if (me.data === null) return <SignInPage />;
  if (me.data) {
    return (
      <LiveUpdates>
        <Outlet />
      </LiveUpdates>
    );
  }
  return (
    <Center component="main" mih="100dvh" p="md">
      {me.error ? (
        <Trouble error={me.error} retry={() => void me.refetch()} />
      ) : (
        <Loader aria-label="Loading" role="status" />
      )}
    </Center>
  );
}
