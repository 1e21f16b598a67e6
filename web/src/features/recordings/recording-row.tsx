import type { Recording } from '@netpilot/control-plane/contract/recordings.ts';
import { Box, Group, Text } from '@mantine/core';
import { Link } from 'react-router';
import { paths } from '../../routes/paths.ts';
import { StateDot } from '../../shell/state-dot.tsx';
import { Ago } from '../../shell/time.tsx';
import { fileSize, lengthOf, recordingState } from './recording-words.ts';

/** One recording in a list: router, person, when, how long. */
export function RecordingRow({ recording, showPerson }: { recording: Recording; showPerson: boolean }) {
  const { words, tone } = recordingState(recording);
  const length = lengthOf(recording);
  return (
    <Box component="li" className="np-surface np-card" aria-label={`Recording on ${recording.routerName}`}>
      {recording.state === 'deleted' ? (
        <Text fw={650}>{recording.routerName}</Text>
      ) : (
        // The page of a recording is a document of its own: its policy allows the player.
        <Link to={paths.recording(recording.id)} reloadDocument className="np-title-link">
          {recording.routerName}
        </Link>
      )}
      <Group gap="md" mt={4} style={{ rowGap: 2 }}>
        <StateDot tone={tone}>{words}</StateDot>
        {showPerson && <Text size="sm">{recording.userName}</Text>}
        <Text size="sm" c="dimmed">
          began <Ago at={recording.startedAt} />
        </Text>
        {length !== null && (
          <Text size="sm" c="dimmed">
            took {length}
          </Text>
        )}
        <Text size="sm" c="dimmed">
          {fileSize(recording.fileBytes)}
        </Text>
      </Group>
    </Box>
  );
}
