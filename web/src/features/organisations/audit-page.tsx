import { Box, Group, Text } from '@mantine/core';
import { IconListDetails } from '@tabler/icons-react';
import { useParams } from 'react-router';
import { useAudit, useOrganisations } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { BackLink } from '../../shell/links.tsx';
import { Empty, LoadingRows } from '../../shell/loading.tsx';
import { LoadMore } from '../../shell/load-more.tsx';
import { Page } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { AUDIT_WORDS, detailsLine } from './audit-words.ts';

/** Who did what in an organisation and when, the newest first. */
export function AuditPage() {
  const { organisationId = '' } = useParams();
  const audit = useAudit(organisationId);
  const name = useOrganisations().data?.items.find(({ id }) => id === organisationId)?.name;
  return (
    <Page
      title="Audit"
      lead={name && `What happened in ${name}, the newest first.`}
      width={860}
      back={<BackLink to={paths.organisation(organisationId)}>{name ?? 'Organisation'}</BackLink>}
    >
      <Trouble error={audit.error} retry={() => void audit.refetch()} />
      {audit.isPending && <LoadingRows rows={6} height={48} />}
      {audit.isSuccess && audit.items.length === 0 && (
        <Empty icon={<IconListDetails size={40} />} title="Nothing yet">
          Sign-ins, changes and sessions are listed here as they happen.
        </Empty>
      )}
      {audit.items.length > 0 && (
        <Box component="ol" className="np-surface" m={0} p={0} style={{ listStyle: 'none' }} aria-label="Audit entries">
          {audit.items.map((event, index) => (
            <Group
              key={event.id}
              component="li"
              gap="xs"
              px="md"
              py={10}
              align="baseline"
              style={index > 0 ? { borderTop: '1px solid var(--np-line)' } : undefined}
            >
              <Text
                component="time"
                dateTime={event.at}
                size="sm"
                c="dimmed"
                w={{ base: '100%', sm: 190 }}
                style={{ fontVariantNumeric: 'tabular-nums' }}
              >
                {new Date(event.at).toLocaleString()}
              </Text>
              <Box flex="1 1 240px" miw={0}>
                <Text size="sm">
                  <b>{event.actorName ?? 'The bastion'}</b> {AUDIT_WORDS[event.action]}
                </Text>
                <Text size="sm" c="dimmed">
                  {detailsLine(event)}
                </Text>
              </Box>
            </Group>
          ))}
        </Box>
      )}
      <LoadMore {...audit} />
    </Page>
  );
}
