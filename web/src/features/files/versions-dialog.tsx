import type { FileVersion } from '@netpilot/control-plane/contract/file-api.ts';
import { sizeWords } from '@netpilot/control-plane/contract/printable.ts';
import type { RouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { LoadingRows } from '../../shell/loading.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import type { FileCalls } from './file-calls.ts';

interface VersionsDialogProps {
  calls: FileCalls;
  path: RouterPath;
  opened: boolean;
  onClose: () => void;
  onRestore: (version: FileVersion) => Promise<void>;
}

const TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** What a file was before the last saves; taking one puts it into the editor, and nothing on the router changes yet. */
export function VersionsDialog({ calls, path, opened, onClose, onRestore }: VersionsDialogProps) {
  const [error, setError] = useState<unknown>(null);
  const versions = useQuery({
    queryKey: ['file-versions', path, calls.contentAddress(path)],
    queryFn: ({ signal }) => calls.versions(path, signal),
    enabled: opened,
    staleTime: 0,
    gcTime: 0,
  });
  return (
    <Modal opened={opened} onClose={onClose} title={<Text fw={650}>Earlier versions</Text>}>
      <Stack>
        <Trouble error={versions.error ?? error} />
        {versions.isPending && <LoadingRows rows={2} height={44} />}
        {versions.data?.items.length === 0 && (
          <Text c="dimmed" size="sm">
            None yet. The five versions before your latest saves are kept here for 30 days.
          </Text>
        )}
        {versions.data?.items.map((version) => (
          <Group key={version.id} justify="space-between" wrap="nowrap">
            <div>
              <Text size="sm" fw={600}>
                Until {TIME.format(Date.parse(version.createdAt))}
              </Text>
              <Text size="xs" c="dimmed">
                {sizeWords(version.size)} · saved over by {version.userName}
              </Text>
            </div>
            <Button variant="default" mih={44} onClick={() => void onRestore(version).catch(setError)}>
              Put back
            </Button>
          </Group>
        ))}
      </Stack>
    </Modal>
  );
}
