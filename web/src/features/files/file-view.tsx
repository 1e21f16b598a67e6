import { MAX_SAVE_BYTES, type FileStat } from '@netpilot/control-plane/contract/files.ts';
import { printableName, printablePath, sizeWords } from '@netpilot/control-plane/contract/printable.ts';
import { type RouterPath, splitRouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { ActionIcon, Button, Group, SegmentedControl, Text, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconArrowLeft, IconDownload } from '@tabler/icons-react';
import { type ReactNode, Suspense, lazy, useState } from 'react';
import { LoadingRows } from '../../shell/loading.tsx';
import { Notice } from '../../shell/notice.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import type { FileCalls } from './file-calls.ts';
import { modeWords, ownerWords } from './file-words.ts';
import { FollowView } from './follow-view.tsx';
import { HexView } from './hex-view.tsx';
import { ImageView, imageTypeOf } from './image-view.tsx';
import { type DecodedText, ENCODING_WORDS, decodeText } from './text-encoding.ts';

const EditorView = lazy(async () => ({ default: (await import('./editor-view.tsx')).EditorView }));

/** Bytes of a text that are shown; a longer one is looked at from its beginning, and not edited here. */
export const MAX_TEXT_BYTES = Math.min(MAX_SAVE_BYTES, 2_097_152);
const MAX_IMAGE_BYTES = 20_971_520;

interface FileViewProps {
  calls: FileCalls;
  path: RouterPath;
  live: boolean;
  onBack: () => void;
  onDownload: () => void;
  /** Something was saved. */
  onChanged: () => void;
}

type Look = 'text' | 'hex' | 'image' | 'follow';

interface Opened {
  readonly stat: FileStat;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether `bytes` are all of it. */
  readonly whole: boolean;
  readonly text: DecodedText | null;
  readonly image: string | null;
}

/** One file: as text to read and edit, as bytes, as a picture, or as it grows. Nothing in it is ever run. */
export function FileView(props: FileViewProps) {
  const { calls, path, onBack } = props;
  const opened = useQuery({
    queryKey: ['file', path, calls.contentAddress(path)],
    queryFn: ({ signal }) => open(calls, path, signal),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  return (
    <section className="np-file-view" aria-label={`File ${printablePath(path)}`}>
      {opened.data ? (
        <Shown key={opened.dataUpdatedAt} {...props} opened={opened.data} onReload={() => void opened.refetch()} />
      ) : (
        <>
          <Bar path={path} onBack={onBack} />
          <div className="np-file-body">
            {opened.error ? (
              <Trouble error={opened.error} retry={() => void opened.refetch()} />
            ) : (
              <LoadingRows rows={6} height={24} />
            )}
          </div>
        </>
      )}
    </section>
  );
}

function Shown({
  calls,
  path,
  live,
  opened,
  onBack,
  onDownload,
  onChanged,
  onReload,
}: FileViewProps & { opened: Opened; onReload: () => void }) {
  const { stat, bytes, whole, text, image } = opened;
  const [look, setLook] = useState<Look>(image !== null ? 'image' : text === null ? 'hex' : 'text');
  const looks: { value: Look; label: string }[] = [
    ...(text === null ? [] : [{ value: 'text' as const, label: 'Text' }]),
    ...(image === null ? [] : [{ value: 'image' as const, label: 'Image' }]),
    { value: 'hex', label: 'Hex' },
    { value: 'follow', label: 'Follow' },
  ];
  const facts = [
    sizeWords(stat.size),
    modeWords(stat),
    ownerWords(stat),
    ...(text === null ? [] : [ENCODING_WORDS[text.encoding]]),
  ];
  return (
    <>
      <Bar path={path} facts={facts.join(' · ')} onBack={onBack}>
        <SegmentedControl
          size="sm"
          value={look}
          onChange={(value) => setLook(value as Look)}
          data={looks}
          aria-label="How to look at it"
        />
        <Tooltip label="Download">
          <ActionIcon
            variant="subtle"
            c="var(--mantine-color-text)"
            size={44}
            aria-label="Download"
            onClick={onDownload}
          >
            <IconDownload size={19} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Bar>
      {look === 'text' && text !== null && (
        <>
          {!whole && (
            <Notice tone="info" title={`The first ${sizeWords(bytes.length)} of ${sizeWords(stat.size)}`}>
              Too long to be edited here. Follow shows its end; a download has all of it.
            </Notice>
          )}
          <Suspense fallback={<LoadingRows rows={6} height={24} />}>
            <EditorView
              calls={calls}
              path={path}
              stat={stat}
              text={text}
              editable={whole && live}
              onSaved={onChanged}
              onReload={onReload}
            />
          </Suspense>
        </>
      )}
      {look === 'hex' && <HexView calls={calls} path={path} size={stat.size} first={bytes} />}
      {look === 'image' && image !== null && <ImageView bytes={bytes} type={image} name={nameOf(path)} />}
      {look === 'follow' && <FollowView calls={calls} path={path} />}
    </>
  );
}

function Bar({
  path,
  facts,
  onBack,
  children,
}: {
  path: RouterPath;
  facts?: string;
  onBack: () => void;
  children?: ReactNode;
}) {
  return (
    <Group className="np-file-bar" gap="xs">
      <Button
        variant="subtle"
        c="var(--mantine-color-text)"
        mih={44}
        px="xs"
        leftSection={<IconArrowLeft size={18} aria-hidden />}
        onClick={onBack}
      >
        Folder
      </Button>
      <div style={{ flex: '1 1 160px', minWidth: 0 }}>
        <Text component="h2" fw={650} size="sm" truncate m={0}>
          <bdi>{nameOf(path)}</bdi>
        </Text>
        {facts && (
          <Text size="xs" c="dimmed" truncate>
            {facts}
          </Text>
        )}
      </div>
      {children}
    </Group>
  );
}

function nameOf(path: RouterPath): string {
  return printableName(splitRouterPath(path).name);
}

/** Reads what is needed to show a file, and no more. */
async function open(calls: FileCalls, path: RouterPath, signal: AbortSignal): Promise<Opened> {
  const stat = await calls.stat(path, signal);
  const start = await bytesOf(calls, path, MAX_TEXT_BYTES, signal);
  const image = imageTypeOf(start);
  if (image !== null && stat.size <= MAX_IMAGE_BYTES) {
    const bytes = start.length < stat.size ? await bytesOf(calls, path, stat.size, signal) : start;
    return { stat, bytes, whole: true, text: null, image };
  }
  const whole = start.length >= stat.size;
  return { stat, bytes: start, whole, text: whole ? decodeText(start) : decodeStart(start), image: null };
}

async function bytesOf(
  calls: FileCalls,
  path: RouterPath,
  length: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await calls.content(path, 0, length, signal);
  return new Uint8Array(await response.arrayBuffer());
}

/** The beginning of a text may end within a character, of at most four bytes. */
function decodeStart(bytes: Uint8Array<ArrayBuffer>): DecodedText | null {
  for (let cut = 0; cut < 4; cut += 1) {
    const text = decodeText(bytes.subarray(0, bytes.length - cut));
    if (text !== null && text.encoding !== 'windows-1252') return text;
  }
  return decodeText(bytes);
}
