import type { AuditFilter } from '@netpilot/control-plane/contract/audit.ts';
import { IconListDetails } from '@tabler/icons-react';
import { useState } from 'react';
import { useParams } from 'react-router';
import { useAudit, useOrganisations } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { BackLink } from '../../shell/links.tsx';
import { Empty, LoadingRows } from '../../shell/loading.tsx';
import { LoadMore } from '../../shell/load-more.tsx';
import { Page } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { AuditFilters } from './audit-filters.tsx';
import { AuditList } from './audit-list.tsx';
import { AuditProof } from './audit-proof.tsx';

/** Who did what in an organisation and when, the newest first; without one, on the whole platform. */
export function AuditPage() {
  const { organisationId = null } = useParams();
  const [filter, setFilter] = useState<AuditFilter>({});
  const audit = useAudit(organisationId, filter);
  const name = useOrganisations().data?.items.find(({ id }) => id === organisationId)?.name;
  const filtered = Object.values(filter).some((value) => value !== undefined);
  return (
    <Page
      title={organisationId === null ? 'Platform audit' : 'Audit'}
      lead={
        organisationId === null
          ? 'What happened on this bastion, the newest first.'
          : name && `What happened in ${name}, the newest first.`
      }
      width={980}
      back={
        organisationId === null ? (
          <BackLink to={paths.oversight()}>Oversight</BackLink>
        ) : (
          <BackLink to={paths.organisation(organisationId)}>{name ?? 'Organisation'}</BackLink>
        )
      }
    >
      <AuditProof organisationId={organisationId} filter={filter} />
      <AuditFilters organisationId={organisationId} filter={filter} onChange={setFilter} />
      <Trouble error={audit.error} retry={() => void audit.refetch()} />
      {audit.isPending && <LoadingRows rows={6} height={48} />}
      {audit.isSuccess && audit.items.length === 0 && (
        <Empty icon={<IconListDetails size={40} />} title={filtered ? 'Nothing fits' : 'Nothing yet'}>
          {filtered
            ? 'No entry fits all of these filters.'
            : 'Sign-ins, changes and sessions are listed here as they happen.'}
        </Empty>
      )}
      {audit.items.length > 0 && <AuditList events={audit.items} />}
      <LoadMore {...audit} />
    </Page>
  );
}
