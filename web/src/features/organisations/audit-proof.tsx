import type { AuditFilter, AuditVerification } from '@netpilot/control-plane/contract/audit.ts';
import { Button, Code, Group, Menu, Stack } from '@mantine/core';
import { IconDownload, IconShieldCheck } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { api, auditPath } from '../../api/calls.ts';
import { API } from '../../api/client.ts';
import { Notice } from '../../shell/notice.tsx';
import { Trouble } from '../../shell/trouble.tsx';

/** Checks that a trail is whole, and takes a copy of it away. */
export function AuditProof({ organisationId, filter }: { organisationId: string | null; filter: AuditFilter }) {
  const verify = useMutation({ mutationFn: () => api.verifyAudit(organisationId) });
  const download = (format: 'csv' | 'jsonl') => {
    const set = Object.entries({ ...filter, format }).filter(([, value]) => value !== undefined);
    return `${API}${auditPath(organisationId)}/export?${new URLSearchParams(Object.fromEntries(set)).toString()}`;
  };
  return (
    <Stack gap="sm">
      <Group gap="sm" className="np-actions">
        <Button
          variant="default"
          mih={44}
          leftSection={<IconShieldCheck size={18} aria-hidden />}
          loading={verify.isPending}
          onClick={() => verify.mutate()}
        >
          Check that it is whole
        </Button>
        <Menu width={220}>
          <Menu.Target>
            <Button variant="default" mih={44} leftSection={<IconDownload size={18} aria-hidden />}>
              Export
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item component="a" mih={44} href={download('csv')} download>
              CSV, for a spreadsheet
            </Menu.Item>
            <Menu.Item component="a" mih={44} href={download('jsonl')} download>
              JSON lines
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
      <Trouble error={verify.error} retry={() => verify.mutate()} />
      {verify.data && <Finding found={verify.data} />}
    </Stack>
  );
}

function Finding({ found: { intact, entries, anchors, head, fault } }: { found: AuditVerification }) {
  if (!intact && fault !== null) {
    return (
      <Notice tone="bad" urgent title={`Not whole${fault.position === null ? '' : `, from entry ${fault.position}`}`}>
        {fault.explanation} {entries} entries before it are as they were written.
      </Notice>
    );
  }
  return (
    <Notice tone="good" title="Whole">
      All {entries} entries are as they were written, and fit{' '}
      {anchors === 1 ? 'the signed head' : `${anchors} signed heads`}.
      {head !== null && (
        <>
          {' '}
          Note this to compare it later: entry {head.position},{' '}
          <Code style={{ overflowWrap: 'anywhere' }}>{head.hash}</Code>
        </>
      )}
    </Notice>
  );
}
