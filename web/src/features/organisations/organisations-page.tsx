import { Badge, Box, Group } from '@mantine/core';
import { IconBuilding, IconPlus } from '@tabler/icons-react';
import { Link } from 'react-router';
import { useOrganisations } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { LinkButton } from '../../shell/links.tsx';
import { Empty, LoadingRows } from '../../shell/loading.tsx';
import { Page } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { ROLE_WORDS } from './roles.ts';

/** The organisations of a person, each with its members, settings and audit list behind it. */
export function OrganisationsPage() {
  const organisations = useOrganisations();
  const items = organisations.data?.items ?? [];
  const create = (
    <LinkButton to={paths.organisationNew()} mih={44} leftSection={<IconPlus size={18} aria-hidden />}>
      Create organisation
    </LinkButton>
  );
  return (
    <Page title="Organisations" actions={items.length > 0 && create}>
      <Trouble error={organisations.error} retry={() => void organisations.refetch()} />
      {organisations.isPending && <LoadingRows />}
      {organisations.isSuccess && items.length === 0 && (
        <Empty icon={<IconBuilding size={40} />} title="No organisation yet" action={create}>
          Routers belong to an organisation. Create one for yourself or your team.
        </Empty>
      )}
      <Box
        component="ul"
        p={0}
        m={0}
        style={{ listStyle: 'none', display: 'grid', gap: 12 }}
        aria-label="Organisations"
      >
        {items.map(({ id, name, role }) => (
          <Box component="li" key={id} className="np-surface np-card">
            <Group justify="space-between" gap="md">
              <Group gap="sm" flex="1 1 200px">
                <Link to={paths.organisation(id)} className="np-title-link">
                  {name}
                </Link>
                {role && (
                  <Badge variant="default" tt="none">
                    {ROLE_WORDS[role].name}
                  </Badge>
                )}
              </Group>
              <Group gap="sm" className="np-actions">
                {(role === 'owner' || role === 'admin') && (
                  <LinkButton to={paths.audit(id)} variant="default" mih={44}>
                    Audit
                  </LinkButton>
                )}
                <LinkButton to={paths.organisation(id)} variant="default" mih={44}>
                  Members
                </LinkButton>
              </Group>
            </Group>
          </Box>
        ))}
      </Box>
    </Page>
  );
}
