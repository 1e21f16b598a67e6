import { IconEye } from '@tabler/icons-react';
import { useOversight, useSignedIn } from '../../api/queries.ts';
import { Empty, LoadingRows } from '../../shell/loading.tsx';
import { LoadMore } from '../../shell/load-more.tsx';
import { Page } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { EndSessionButton } from '../sessions/end-session-button.tsx';
import { SessionList, SessionRow } from '../sessions/session-row.tsx';

/** Live sessions that this person may oversee. */
export function OversightPage() {
  const me = useSignedIn();
  const sessions = useOversight();
  return (
    <Page
      title="Oversight"
      lead={me.platformAdministrator ? 'Every session on this bastion.' : 'Every session of your organisations.'}
    >
      <Trouble error={sessions.error} retry={() => void sessions.refetch()} />
      {sessions.isPending && <LoadingRows />}
      {sessions.isSuccess && sessions.items.length === 0 && (
        <Empty icon={<IconEye size={40} />} title="No session is running">
          Sessions appear here the moment somebody opens one.
        </Empty>
      )}
      {sessions.items.length > 0 && (
        <SessionList label="Running sessions">
          {sessions.items.map((session) => (
            <SessionRow
              key={session.id}
              session={session}
              showPerson
              linked={session.userId === me.id}
              actions={<EndSessionButton session={session} />}
            />
          ))}
        </SessionList>
      )}
      <LoadMore {...sessions} />
    </Page>
  );
}
