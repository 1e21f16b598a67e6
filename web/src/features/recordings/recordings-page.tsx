import { Box, Button, Group, Select, TextInput } from '@mantine/core';
import { IconMovie } from '@tabler/icons-react';
import { useSearchParams } from 'react-router';
import { useMembers, useRecordings, useRouters, useSignedIn } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { LinkButton } from '../../shell/links.tsx';
import { Empty, LoadingRows } from '../../shell/loading.tsx';
import { LoadMore } from '../../shell/load-more.tsx';
import { Page } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { RecordingRow } from './recording-row.tsx';

const FILTERS = ['organisationId', 'routerId', 'sessionId', 'userId', 'from', 'to'] as const;
type Filter = Partial<Record<(typeof FILTERS)[number], string>>;

/** Recordings that the person may see, the newest first; what is chosen stands in the address, so that it can be passed on. */
export function RecordingsPage() {
  const me = useSignedIn();
  const [query, setQuery] = useSearchParams();
  const filter: Filter = Object.fromEntries(
    FILTERS.flatMap((name) => (query.get(name) ? [[name, query.get(name)]] : [])),
  );
  const recordings = useRecordings({ ...filter, ...daysOf(filter) });
  const choose = (change: Record<string, string | null>) =>
    setQuery((before) => {
      const after = new URLSearchParams(before);
      for (const [name, value] of Object.entries(change)) {
        if (value) after.set(name, value);
        else after.delete(name);
      }
      return after;
    });
  const isFiltered = Object.keys(filter).length > 0;
  const oversees = me.platformAdministrator || me.memberships.some(({ role }) => role === 'owner' || role === 'admin');
  return (
    <Page
      title="Recordings"
      lead="Every terminal is recorded. Play what happened, and see that nobody changed it since."
    >
      <Filters filter={filter} choose={choose} clear={isFiltered ? () => setQuery({}) : null} />
      <Trouble error={recordings.error} retry={() => void recordings.refetch()} />
      {recordings.isPending && <LoadingRows />}
      {recordings.isSuccess && recordings.items.length === 0 && (
        <Empty
          icon={<IconMovie size={40} />}
          title={isFiltered ? 'No recording fits' : 'No recording yet'}
          action={
            isFiltered ? (
              <Button variant="default" mih={44} onClick={() => setQuery({})}>
                Show all
              </Button>
            ) : (
              <LinkButton to={paths.routers()}>Go to your routers</LinkButton>
            )
          }
        >
          {isFiltered
            ? 'Choose another router or other days.'
            : 'Open a terminal on a router; its recording is listed here.'}
        </Empty>
      )}
      {recordings.items.length > 0 && (
        <Box component="ul" aria-label="Recordings" p={0} m={0} style={{ listStyle: 'none', display: 'grid', gap: 12 }}>
          {recordings.items.map((recording) => (
            <RecordingRow key={recording.id} recording={recording} showPerson={oversees} />
          ))}
        </Box>
      )}
      <LoadMore {...recordings} />
    </Page>
  );
}

interface FiltersProps {
  filter: Filter;
  choose: (change: Record<string, string | null>) => void;
  clear: (() => void) | null;
}

function Filters({ filter, choose, clear }: FiltersProps) {
  const me = useSignedIn();
  const routers = useRouters(filter.organisationId ?? null).items;
  const organisationId =
    filter.organisationId ?? (me.memberships.length === 1 ? me.memberships[0]?.organisationId : undefined);
  const overseen = me.memberships.find(
    (each) => each.organisationId === organisationId && (each.role === 'owner' || each.role === 'admin'),
  )?.organisationId;
  return (
    <Group gap="sm" align="flex-end" role="search" aria-label="Recordings shown">
      {me.memberships.length > 1 && (
        <Select
          label="Organisation"
          placeholder="All"
          clearable
          w={{ base: '100%', xs: 200 }}
          data={me.memberships.map((each) => ({ value: each.organisationId, label: each.organisationName }))}
          value={filter.organisationId ?? null}
          onChange={(organisationId) => choose({ organisationId, routerId: null, userId: null })}
        />
      )}
      <Select
        label="Router"
        placeholder="All"
        clearable
        searchable
        w={{ base: '100%', xs: 220 }}
        data={routers.map(({ id, name }) => ({ value: id, label: name }))}
        value={filter.routerId ?? null}
        onChange={(routerId) => choose({ routerId })}
      />
      {overseen !== undefined && <PersonFilter organisationId={overseen} userId={filter.userId} choose={choose} />}
      <TextInput
        type="date"
        label="From"
        w={{ base: 'calc(50% - 6px)', xs: 160 }}
        value={filter.from ?? ''}
        onChange={({ currentTarget }) => choose({ from: currentTarget.value })}
      />
      <TextInput
        type="date"
        label="To"
        w={{ base: 'calc(50% - 6px)', xs: 160 }}
        value={filter.to ?? ''}
        onChange={({ currentTarget }) => choose({ to: currentTarget.value })}
      />
      {clear && (
        <Button variant="subtle" mih={44} onClick={clear}>
          Show all
        </Button>
      )}
    </Group>
  );
}

interface PersonFilterProps {
  organisationId: string;
  userId: string | undefined;
  choose: FiltersProps['choose'];
}

/** For those who see the recordings of others. */
function PersonFilter({ organisationId, userId, choose }: PersonFilterProps) {
  const members = useMembers(organisationId).data?.items ?? [];
  return (
    <Select
      label="Person"
      placeholder="Everybody"
      clearable
      searchable
      w={{ base: '100%', xs: 200 }}
      data={members.map((member) => ({ value: member.userId, label: member.name }))}
      value={userId ?? null}
      onChange={(chosen) => choose({ userId: chosen })}
    />
  );
}

/** The days of the person's own clock as instants; both days are included. */
function daysOf({ from, to }: Filter): { from?: string | undefined; to?: string | undefined } {
  const start = (day: string | undefined, later = 0) => {
    const date = new Date(`${day ?? ''}T00:00:00`);
    if (Number.isNaN(date.getTime())) return undefined;
    date.setDate(date.getDate() + later);
    return date.toISOString();
  };
  return { from: start(from), to: start(to, 1) };
}
