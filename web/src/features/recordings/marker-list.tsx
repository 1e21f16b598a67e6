import type { RecordingMarker } from '@netpilot/control-plane/contract/recordings.ts';
import { Section } from '../../shell/page.tsx';
import { PlaceList } from './place-list.tsx';

const KINDS: Record<RecordingMarker['kind'], string> = { resize: 'Size', note: 'Note', command: 'Command' };

interface MarkerListProps {
  markers: readonly RecordingMarker[];
  onJump: (seconds: number) => void;
}

/** Commands that were recognised, sizes and what the bastion noted; nothing when there are none. */
export function MarkerList({ markers, onJump }: MarkerListProps) {
  if (markers.length === 0) return null;
  const places = markers.map(({ seconds, kind, label }) => ({
    seconds,
    text: label,
    kind: KINDS[kind],
    isCode: kind === 'command',
  }));
  return (
    <Section title="Markers">
      <PlaceList label="Markers" places={places} onJump={onJump} />
    </Section>
  );
}
