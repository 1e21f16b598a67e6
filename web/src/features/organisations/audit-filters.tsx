import { AUDIT_ACTIONS, type AuditAction, type AuditFilter } from '@netpilot/control-plane/contract/audit.ts';
import { Button, Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback, useDisclosure, useMediaQuery } from '@mantine/hooks';
import { IconFilter, IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useMembers, useRouters } from '../../api/queries.ts';
import { AUDIT_WORDS } from './audit-words.ts';

interface AuditFiltersProps {
  /** Null: the whole platform, where people and routers are not offered. */
  organisationId: string | null;
  filter: AuditFilter;
  onChange: (filter: AuditFilter) => void;
}

const ACTIONS = AUDIT_ACTIONS.map((action) => ({ value: action, label: AUDIT_WORDS[action] }));
const WAIT_MS = 300;

/** Which entries are shown: by what happened, who, which router, when, and text. */
export function AuditFilters({ organisationId, filter, onChange }: AuditFiltersProps) {
  const [text, setText] = useState('');
  const phone = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false });
  const [opened, { toggle }] = useDisclosure(false);
  const search = useDebouncedCallback((value: string) => {
    const trimmed = value.trim();
    onChange({ ...filter, text: trimmed === '' ? undefined : trimmed });
  }, WAIT_MS);
  return (
    <Group component="search" gap="sm" align="flex-end" className="np-actions">
      <TextInput
        size="md"
        label="Search"
        flex="1 1 180px"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={text}
        maxLength={100}
        onChange={({ currentTarget }) => {
          setText(currentTarget.value);
          search(currentTarget.value);
        }}
      />
      {phone && (
        <Button
          variant="default"
          size="md"
          leftSection={<IconFilter size={18} aria-hidden />}
          aria-expanded={opened}
          onClick={toggle}
        >
          Filters
        </Button>
      )}
      {(opened || !phone) && <MoreFilters organisationId={organisationId} filter={filter} onChange={onChange} />}
    </Group>
  );
}

function MoreFilters({ organisationId, filter, onChange }: AuditFiltersProps) {
  return (
    <>
      <Select
        size="md"
        label="What"
        flex="1 1 180px"
        data={ACTIONS}
        value={filter.action ?? null}
        searchable
        clearable
        placeholder="Everything"
        onChange={(action) => onChange({ ...filter, action: (action as AuditAction | null) ?? undefined })}
      />
      {organisationId !== null && (
        <PeopleAndRouters organisationId={organisationId} filter={filter} onChange={onChange} />
      )}
      <TextInput
        size="md"
        label="From"
        type="datetime-local"
        flex="1 1 200px"
        onChange={({ currentTarget }) => onChange({ ...filter, from: instantOf(currentTarget.value) })}
      />
      <TextInput
        size="md"
        label="Until"
        type="datetime-local"
        flex="1 1 200px"
        onChange={({ currentTarget }) => onChange({ ...filter, until: instantOf(currentTarget.value) })}
      />
    </>
  );
}

function PeopleAndRouters({ organisationId, filter, onChange }: AuditFiltersProps & { organisationId: string }) {
  const members = useMembers(organisationId).data?.items ?? [];
  const routers = useRouters(organisationId).items;
  return (
    <>
      <Select
        size="md"
        label="Person"
        flex="1 1 160px"
        data={members.map(({ userId, name }) => ({ value: userId, label: name }))}
        value={filter.personId ?? null}
        searchable
        clearable
        placeholder="Anybody"
        onChange={(id) => onChange({ ...filter, personId: id ?? undefined })}
      />
      <Select
        size="md"
        label="Router"
        flex="1 1 160px"
        data={routers.map(({ id, name }) => ({ value: id, label: name }))}
        value={filter.routerId ?? null}
        searchable
        clearable
        placeholder="Any"
        onChange={(id) => onChange({ ...filter, routerId: id ?? undefined })}
      />
    </>
  );
}

/** @returns the instant of a local date and time as the field gives it; undefined while it is not whole. */
function instantOf(local: string): string | undefined {
  const at = new Date(local);
  return local === '' || Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
