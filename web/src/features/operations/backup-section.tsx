import { Configuration, type ConfigurationPreview } from '@netpilot/control-plane/contract/operations/maintenance.ts';
import { Button, FileButton, Group, Stack, Text } from '@mantine/core';
import { IconDownload, IconUpload } from '@tabler/icons-react';
import { useState } from 'react';
import { Confirm } from '../../shell/confirm.tsx';
import { Notice } from '../../shell/notice.tsx';
import { Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { useNetwork } from './network-context.tsx';
import { saveFile } from './save-file.ts';
import { useOperation } from './use-operation.ts';

/** A backup of the configuration, and the way back to one: compared first, applied with the router's own way back. */
export function BackupSection() {
  const { router, own } = useNetwork();
  const backup = useOperation('config.export');
  const preview = useOperation('config.preview');
  const apply = useOperation('config.apply');
  const [chosen, setChosen] = useState<Configuration | null>(null);
  const [unreadable, setUnreadable] = useState(false);
  const [asking, setAsking] = useState(false);
  const save = () =>
    backup.mutate(
      {},
      {
        onSuccess: ({ output }) => {
          const day = new Date().toISOString().slice(0, 10);
          // It holds secrets: nothing of it stays in the page.
          backup.reset();
          if (output) saveFile(`${router.name}-${day}.json`, JSON.stringify(output, null, 2), 'application/json');
        },
      },
    );
  const choose = async (file: File | null) => {
    if (file === null) return;
    preview.reset();
    apply.reset();
    const parsed = Configuration.safeParse(await readJson(file));
    setUnreadable(!parsed.success);
    setChosen(parsed.success ? parsed.data : null);
    if (parsed.success) preview.mutate(parsed.data);
  };
  const compared = preview.data?.output;
  const changed = compared?.files.filter(({ change }) => change !== 'same') ?? [];
  return (
    <Section title="Backup">
      <Notice tone="warn">
        A backup holds the passwords of the Wi-Fi and of VPNs. Keep it where nobody else can read it.
      </Notice>
      <Group gap="sm" className="np-actions">
        <Button
          variant="default"
          mih={44}
          leftSection={<IconDownload size={18} aria-hidden />}
          disabled={!own.live}
          loading={backup.isPending}
          onClick={save}
        >
          Save a backup
        </Button>
        <FileButton
          accept="application/json,.json"
          onChange={(file) => void choose(file)}
          inputProps={{ 'aria-label': 'Backup to restore' }}
        >
          {(props) => (
            <Button
              {...props}
              variant="default"
              mih={44}
              leftSection={<IconUpload size={18} aria-hidden />}
              disabled={!own.live}
              loading={preview.isPending}
            >
              Compare and restore…
            </Button>
          )}
        </FileButton>
      </Group>
      {unreadable && <Notice tone="bad">This file is not a backup that was saved here.</Notice>}
      <Trouble error={backup.error ?? preview.error} />
      {apply.isSuccess && <Notice tone="good">The backup is in force; the router confirmed it.</Notice>}
      {compared && !apply.isSuccess && (
        <Stack gap="sm">
          {compared.warnings.map((warning) => (
            <Notice key={warning} tone="warn">
              {warning}
            </Notice>
          ))}
          {changed.length === 0 ? (
            <Text size="sm">The router is just as in this backup.</Text>
          ) : (
            <>
              {changed.map((file) => (
                <FileDifference key={file.name} file={file} />
              ))}
              <Group justify="flex-end">
                <Button mih={44} disabled={!own.live} onClick={() => setAsking(true)}>
                  Restore {changed.length === 1 ? '1 file' : `${changed.length} files`}
                </Button>
              </Group>
            </>
          )}
        </Stack>
      )}
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title="Restore this backup?"
        action="Restore"
        danger
        onConfirm={async () => {
          if (chosen && compared) await apply.mutateAsync({ ...chosen, revision: compared.revision });
        }}
      >
        The network is set up anew and everybody on it may lose it for a moment. If the router is not reached
        afterwards, it goes back to what it had by itself.
      </Confirm>
    </Section>
  );
}

function FileDifference({ file }: { file: ConfigurationPreview['files'][number] }) {
  return (
    <details>
      <summary>
        {file.name} · {file.change === 'new' ? 'new' : `${file.added} lines added, ${file.removed} removed`}
      </summary>
      {file.diff && (
        <pre className="np-output" tabIndex={0}>
          {file.diff.split('\n').map((line, at) => (
            <div
              key={at}
              className={line.startsWith('+') ? 'np-diff-add' : line.startsWith('-') ? 'np-diff-remove' : undefined}
            >
              {line}
            </div>
          ))}
        </pre>
      )}
    </details>
  );
}

async function readJson(file: File): Promise<unknown> {
  try {
    return JSON.parse(await file.text());
  } catch {
    return undefined;
  }
}
