import { printablePath, sizeWords } from '@netpilot/control-plane/contract/printable.ts';
import { splitRouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { Button, Group, Text } from '@mantine/core';
import { useRef, useState } from 'react';
import { Notice } from '../../shell/notice.tsx';
import type { UnfinishedUpload } from './unfinished-uploads.ts';

interface InterruptedUploadsProps {
  uploads: readonly UnfinishedUpload[];
  onFile: (upload: UnfinishedUpload, file: File) => void;
  onDiscard: (upload: UnfinishedUpload) => Promise<void>;
}

/** What was on its way when its page was left: a page may not keep a file, so its person chooses it again. Nothing without any. */
export function InterruptedUploads({ uploads, onFile, onDiscard }: InterruptedUploadsProps) {
  if (uploads.length === 0) return null;
  return (
    <Notice tone="info" title={uploads.length === 1 ? 'An upload was interrupted' : 'Uploads were interrupted'}>
      What arrived is still on the router. Choose the same file again, and it goes on where it stopped.
      <ul className="np-interrupted">
        {uploads.map((upload) => (
          <Interrupted key={upload.uploadId} upload={upload} onFile={onFile} onDiscard={onDiscard} />
        ))}
      </ul>
    </Notice>
  );
}

function Interrupted({
  upload,
  onFile,
  onDiscard,
}: Omit<InterruptedUploadsProps, 'uploads'> & { upload: UnfinishedUpload }) {
  const [discarding, setDiscarding] = useState(false);
  const { name, size, path } = upload;
  const input = useRef<HTMLInputElement>(null);
  const take = ({ files }: HTMLInputElement) => {
    const file = files?.[0];
    if (file !== undefined) onFile(upload, file);
  };
  return (
    <li>
      <Text size="sm" truncate>
        <bdi>{name}</bdi>, {sizeWords(size)}, to <bdi>{printablePath(splitRouterPath(path).folder)}</bdi>
      </Text>
      <Group gap="xs" wrap="nowrap">
        <Button
          size="compact-sm"
          mih={44}
          variant="default"
          aria-label={`Choose ${name} again`}
          onClick={() => input.current?.click()}
        >
          Choose again
        </Button>
        <input
          ref={input}
          type="file"
          hidden
          aria-label={`The file ${name}`}
          onChange={({ currentTarget }) => take(currentTarget)}
        />
        <Button
          size="compact-sm"
          mih={44}
          variant="subtle"
          aria-label={`Discard the upload of ${name}`}
          loading={discarding}
          onClick={() => {
            setDiscarding(true);
            void onDiscard(upload).finally(() => setDiscarding(false));
          }}
        >
          Discard
        </Button>
      </Group>
    </li>
  );
}
