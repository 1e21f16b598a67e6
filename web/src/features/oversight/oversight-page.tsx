import { Button, Tabs } from '@mantine/core';
import { IconEye, IconLock, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useLocks, useOversight, useSignedIn } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { LinkButton } from '../../shell/links.tsx';
import { Empty, LoadingRows } from '../../shell/loading.tsx';
import { LoadMore } from '../../shell/load-more.tsx';
import { Page } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { LockDialog } from './lock-dialog.tsx';
import { LockList } from './lock-list.tsx';
import './oversight.css';
import { SessionTable } from './session-table.tsx';

/** What runs now in the organisations that this person oversees, and what is locked; both kept by events. */
export function OversightPage() {
  const me = useSignedIn();
  const navigate = useNavigate();
  const { tab } = useParams();
  const sessions = useOversight();
  const locks = useLocks();
  const [locking, setLocking] = useState(false);
  const shown = tab === 'locks' ? 'locks' : 'sessions';
  return (
    <Page
      title="Oversight"
      width={1_280}
      lead={me.platformAdministrator ? 'Every session on this bastion.' : 'Every session of your organisations.'}
      actions={
        <>
          {me.platformAdministrator && (
            <LinkButton to={paths.platformAudit()} variant="default" mih={44}>
              Platform audit
            </LinkButton>
          )}
          <Button mih={44} leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setLocking(true)}>
            New lock
          </Button>
        </>
      }
    >
      <Tabs
        value={shown}
        onChange={(value) => void navigate(paths.oversight(value === 'locks' ? 'locks' : undefined), { replace: true })}
      >
        <Tabs.List>
          <Tabs.Tab value="sessions" leftSection={<IconEye size={16} aria-hidden />} mih={44}>
            Sessions{sessions.isSuccess && ` · ${sessions.items.length}`}
          </Tabs.Tab>
          <Tabs.Tab value="locks" leftSection={<IconLock size={16} aria-hidden />} mih={44}>
            Locks{locks.isSuccess && ` · ${locks.data.items.length}`}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="sessions" pt="md">
          <Trouble error={sessions.error} retry={() => void sessions.refetch()} />
          {sessions.isPending && <LoadingRows rows={5} height={48} />}
          {sessions.isSuccess && sessions.items.length === 0 && (
            <Empty icon={<IconEye size={40} />} title="No session is running">
              Sessions appear here the moment somebody opens one.
            </Empty>
          )}
          {sessions.items.length > 0 && <SessionTable sessions={sessions.items} />}
          <LoadMore {...sessions} />
        </Tabs.Panel>
        <Tabs.Panel value="locks" pt="md">
          <Trouble error={locks.error} retry={() => void locks.refetch()} />
          {locks.isPending && <LoadingRows rows={2} height={64} />}
          {locks.isSuccess && <LockList locks={locks.data.items} onAdd={() => setLocking(true)} />}
        </Tabs.Panel>
      </Tabs>
      {locking && <LockDialog onClose={() => setLocking(false)} />}
    </Page>
  );
}
