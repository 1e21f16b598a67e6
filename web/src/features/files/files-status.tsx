import type { FileRoadView } from '@netpilot/control-plane/contract/files.ts';
import { sizeWords } from '@netpilot/control-plane/contract/printable.ts';
import type { RouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { FileCalls } from './file-calls.ts';
import { roadWords } from './file-words.ts';

interface FilesStatusProps {
  calls: FileCalls;
  /** Null while the router is away. */
  path: RouterPath | null;
  road: FileRoadView | undefined;
  shown: number;
  all: number;
  selected: number;
  loading: boolean;
  skipped: number;
}

/** How much is here, how much room is left, and which way all of it goes. */
export function FilesStatus({ calls, path, road, shown, all, selected, loading, skipped }: FilesStatusProps) {
  const space = useQuery({
    queryKey: ['file-space', calls.contentAddress(path ?? '/')],
    queryFn: ({ signal }) => calls.space(path ?? '/', signal),
    enabled: path !== null && !loading,
    staleTime: 30_000,
    retry: false,
  });
  const available = space.data?.available ?? null;
  const words = [
    `${shown === all ? '' : `${shown} of `}${all} ${all === 1 ? 'entry' : 'entries'}`,
    ...(loading ? ['loading…'] : []),
    ...(selected > 0 ? [`${selected} selected`] : []),
    ...(skipped > 0 ? [`${skipped} cannot be shown`] : []),
    ...(available === null ? [] : [`${sizeWords(available)} free`]),
    ...(road === undefined ? [] : [roadWords(road)]),
  ];
  return (
    <Text className="np-files-status" size="xs" c="dimmed" role="status">
      {words.join(' · ')}
    </Text>
  );
}
