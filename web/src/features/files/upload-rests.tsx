import type { FileEntry } from '@netpilot/control-plane/contract/files.ts';
import { sizeWords } from '@netpilot/control-plane/contract/printable.ts';
import { Button, Text } from '@mantine/core';
import { useState } from 'react';
import { Confirm } from '../../shell/confirm.tsx';
import { Notice } from '../../shell/notice.tsx';
import { keyOf } from './file-order.ts';
import { timeWords } from './file-words.ts';

interface UploadRestsProps {
  rests: readonly FileEntry[];
  onDiscard: (rest: FileEntry) => Promise<void>;
}

/** What uploads left in a folder that nobody goes on with here: another page's, or another person's. Nothing without any. */
export function UploadRests({ rests, onDiscard }: UploadRestsProps) {
  const [asked, setAsked] = useState<FileEntry | null>(null);
  return (
    <>
      {rests.length > 0 && (
        <Notice
          tone="info"
          title={rests.length === 1 ? 'An unfinished upload is here' : `${rests.length} unfinished uploads are here`}
        >
          <ul className="np-interrupted">
            {rests.map((rest) => (
              <li key={keyOf(rest)}>
                <Text size="sm">{restWords(rest)}</Text>
                <Button
                  size="compact-sm"
                  mih={44}
                  variant="subtle"
                  aria-label={`Discard the unfinished upload of ${restWords(rest)}`}
                  onClick={() => setAsked(rest)}
                >
                  Discard
                </Button>
              </li>
            ))}
          </ul>
        </Notice>
      )}
      <Confirm
        opened={asked !== null}
        onClose={() => setAsked(null)}
        title="Discard this unfinished upload?"
        action="Discard"
        danger
        onConfirm={async () => asked !== null && onDiscard(asked)}
      >
        {asked !== null &&
          `What arrived of it is in a hidden file, so that whoever began can go on: ${restWords(asked)}. If somebody is still at it, theirs begins again at its first byte.`}
      </Confirm>
    </>
  );
}

function restWords({ size, modifiedAt }: FileEntry): string {
  return modifiedAt === null ? sizeWords(size) : `${sizeWords(size)}, ${timeWords(modifiedAt)}`;
}
