import { Button, Group } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';

/** A line to paste elsewhere, with its copy button; the line itself can be selected as well. */
export function CopyLine({ line, label }: { line: string; label: string }) {
  const clipboard = useClipboard({ timeout: 2_000 });
  return (
    <div>
      <code className="np-line" tabIndex={0} aria-label={label} role="textbox" aria-readonly>
        {line}
      </code>
      <Group mt="sm">
        <Button
          variant={clipboard.copied ? 'default' : 'filled'}
          leftSection={clipboard.copied ? <IconCheck size={18} aria-hidden /> : <IconCopy size={18} aria-hidden />}
          onClick={() => clipboard.copy(line)}
        >
          {clipboard.copied ? 'Copied' : 'Copy line'}
        </Button>
        {clipboard.error && <span role="alert">The browser does not let this page copy. Select the line instead.</span>}
      </Group>
    </div>
  );
}
