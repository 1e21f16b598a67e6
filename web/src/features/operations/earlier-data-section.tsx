import { type ImportReport, LEGACY_FILES, LegacyFile } from '@netpilot/control-plane/contract/legacy-import.ts';
import { Button, FileButton, Group, Table, Text } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { Notice } from '../../shell/notice.tsx';
import { Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { useNetwork } from './network-context.tsx';

type Files = Partial<Record<LegacyFile, unknown>>;

/** Devices, lists and rates of the earlier NetPilot: looked at first, brought in on request. */
export function EarlierDataSection() {
  const { router } = useNetwork();
  const client = useQueryClient();
  const [files, setFiles] = useState<Files | null>(null);
  const [strange, setStrange] = useState<string[]>([]);
  const bring = useMutation({
    mutationFn: (input: { dryRun: boolean; files: Files }) => api.importEarlier(router.id, input),
    onSuccess: ({ dryRun }) => (dryRun ? undefined : client.invalidateQueries({ queryKey: keys.network(router.id) })),
  });
  const choose = async (chosen: File[]) => {
    const read = await Promise.all(chosen.map(async (file) => [file.name, await jsonOf(file)] as const));
    const known = read.filter(([name, content]) => LegacyFile.safeParse(name).success && content !== undefined);
    setStrange(read.filter((each) => !known.includes(each)).map(([name]) => name));
    const named = Object.fromEntries(known) as Files;
    setFiles(named);
    bring.reset();
    if (known.length > 0) bring.mutate({ dryRun: true, files: named });
  };
  const report = bring.data;
  return (
    <Section title="Data of the earlier NetPilot">
      <Text size="sm" c="dimmed">
        Choose any of {LEGACY_FILES.join(', ')}. First you see what would be brought in. Passwords in them are not read.
      </Text>
      <Group>
        <FileButton
          multiple
          accept="application/json,.json"
          onChange={(chosen) => void choose(chosen)}
          inputProps={{ 'aria-label': 'Files of the earlier NetPilot' }}
        >
          {(props) => (
            <Button
              {...props}
              variant="default"
              mih={44}
              leftSection={<IconUpload size={18} aria-hidden />}
              loading={bring.isPending}
            >
              Choose files…
            </Button>
          )}
        </FileButton>
      </Group>
      {strange.length > 0 && <Notice tone="warn">Not used: {strange.join(', ')}</Notice>}
      <Trouble error={bring.error} />
      {report && <Report report={report} />}
      {report?.dryRun && files && (
        <Group justify="flex-end">
          <Button mih={44} loading={bring.isPending} onClick={() => bring.mutate({ dryRun: false, files })}>
            Bring it in
          </Button>
        </Group>
      )}
    </Section>
  );
}

function Report({ report }: { report: ImportReport }) {
  const counts = (['new', 'changed', 'same', 'skipped'] as const).map(
    (outcome) => `${report.rows.filter((row) => row.outcome === outcome).length} ${outcome}`,
  );
  return (
    <>
      <Notice tone={report.dryRun ? 'info' : 'good'} title={report.dryRun ? 'Nothing was changed yet' : 'Brought in'}>
        {counts.join(', ')}.
        {!report.dryRun &&
          report.policiesChanged &&
          ' Lists and rates wait above: apply ours to put them on the router.'}
      </Notice>
      <div className="np-scroll" tabIndex={0} role="group" aria-label="Report">
        <Table fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>File</Table.Th>
              <Table.Th>What</Table.Th>
              <Table.Th>Outcome</Table.Th>
              <Table.Th>Detail</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {report.rows.slice(0, 500).map(({ file, subject, outcome, detail }, at) => (
              <Table.Tr key={at}>
                <Table.Td>{file}</Table.Td>
                <Table.Td>{subject}</Table.Td>
                <Table.Td>{outcome}</Table.Td>
                <Table.Td>{detail}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </>
  );
}

async function jsonOf(file: File): Promise<unknown> {
  try {
    return JSON.parse(await file.text());
  } catch {
    return undefined;
  }
}
