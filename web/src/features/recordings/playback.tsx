import type { RecordingMarker } from '@netpilot/control-plane/contract/recordings.ts';
import { Box, Group, SegmentedControl, Skeleton, Stack, Switch } from '@mantine/core';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useRecordingMarkers, useRecordingPlayback } from '../../api/queries.ts';
import { Trouble } from '../../shell/trouble.tsx';
import { type Cast, parseCast, withoutIdle } from './cast.ts';
import { FindInRecording } from './find-in-recording.tsx';
import { MarkerList } from './marker-list.tsx';
import { Player, type PlayerHandle } from './player.tsx';
import { printable } from './recording-words.ts';

const SPEEDS = ['0.5', '1', '2', '4', '8'] as const;
/** With idle time skipped, a pause is no longer than this, in seconds. */
const LONGEST_PAUSE = 2;

/** Loads a recording and plays it. */
export function Playback({ recordingId }: { recordingId: string }) {
  const playback = useRecordingPlayback(recordingId);
  const markers = useRecordingMarkers(recordingId);
  const read = useMemo(() => readCast(playback.data), [playback.data]);
  const error = playback.error ?? markers.error ?? read.error;
  if (error) return <Trouble error={error} retry={() => void Promise.all([playback.refetch(), markers.refetch()])} />;
  if (read.cast === null || !markers.data) {
    return (
      <Box role="status" aria-label="Loading the recording">
        <Skeleton height={420} radius="md" />
      </Box>
    );
  }
  return <Controls recordingId={recordingId} cast={read.cast} markers={markers.data.items} />;
}

function readCast(text: string | undefined): { cast: Cast | null; error: unknown } {
  if (text === undefined) return { cast: null, error: null };
  try {
    return { cast: parseCast(text), error: null };
  } catch (error) {
    return { cast: null, error };
  }
}

interface ControlsProps {
  recordingId: string;
  cast: Cast;
  markers: readonly RecordingMarker[];
}

function Controls({ recordingId, cast, markers }: ControlsProps) {
  const player = useRef<PlayerHandle>(null);
  const [trouble, setTrouble] = useState<unknown>(null);
  const [speed, setSpeed] = useState('1');
  const [skipsIdle, setSkipsIdle] = useState(true);
  const [start, setStart] = useState({ at: 0, playing: false });
  const playable = useMemo(() => withoutIdle(cast, skipsIdle ? LONGEST_PAUSE : null), [cast, skipsIdle]);
  const marked = useMemo(
    () => markers.map(({ seconds, label }) => [playable.played(seconds), printable(label)] as const),
    [markers, playable],
  );
  const here = () => playable.recorded(player.current?.now() ?? 0);
  const jump = (seconds: number) => player.current?.seek(playable.played(seconds));
  const onTrouble = useCallback(
    (error: unknown) => setTrouble(error instanceof Error ? error : new Error(String(error))),
    [],
  );
  const change = (apply: () => void) => {
    const at = here();
    setStart({ at, playing: at > 0 });
    apply();
  };
  return (
    <Stack gap="md">
      <Group gap="md" justify="space-between">
        <SegmentedControl
          aria-label="Speed"
          value={speed}
          onChange={(value) => change(() => setSpeed(value))}
          data={SPEEDS.map((value) => ({ value, label: `${value}×` }))}
        />
        <Switch
          label="Skip idle time"
          checked={skipsIdle}
          onChange={({ currentTarget: { checked } }) => change(() => setSkipsIdle(checked))}
          styles={{ body: { minHeight: 44, alignItems: 'center' } }}
        />
      </Group>
      <Trouble error={trouble} />
      <Player
        ref={player}
        cast={cast}
        events={playable.events}
        markers={marked}
        speed={Number(speed)}
        startAt={playable.played(start.at)}
        autoPlay={start.playing}
        onTrouble={onTrouble}
      />
      <FindInRecording recordingId={recordingId} onJump={jump} />
      <MarkerList markers={markers} onJump={jump} />
    </Stack>
  );
}
