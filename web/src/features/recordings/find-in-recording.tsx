import { Button, Group, Loader, Stack, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { useRecordingMatches } from '../../api/queries.ts';
import { Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { PlaceList } from './place-list.tsx';

/** Finds text in what the terminal showed, and leads there. */
export function FindInRecording({ recordingId, onJump }: { recordingId: string; onJump: (seconds: number) => void }) {
  const [typed, setTyped] = useState('');
  const [text, setText] = useState('');
  const matches = useRecordingMatches(recordingId, text);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setText(typed.trim());
  };
  return (
    <Section title="Find">
      <form onSubmit={submit} role="search">
        <Group gap="sm" align="flex-end" wrap="nowrap">
          <TextInput
            flex={1}
            aria-label="Text to find in the recording"
            placeholder="Text in the output"
            maxLength={200}
            value={typed}
            onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          />
          <Button type="submit" variant="default" mih={44} leftSection={<IconSearch size={18} aria-hidden />}>
            Find
          </Button>
        </Group>
      </form>
      <Trouble error={matches.error} retry={() => void matches.refetch()} />
      {matches.isFetching && <Loader size="sm" aria-label="Searching" />}
      {matches.data && (
        <Stack gap="xs">
          <Text size="sm" c="dimmed" role="status">
            {countWords(matches.data.items.length, matches.data.complete)}
          </Text>
          <PlaceList
            label="Found"
            places={matches.data.items.map(({ seconds, line }) => ({ seconds, text: line, isCode: true }))}
            onJump={onJump}
          />
        </Stack>
      )}
    </Section>
  );
}

function countWords(count: number, complete: boolean): string {
  if (count === 0) return complete ? 'It is nowhere in the output.' : 'It is not in the part that is searched.';
  const lines = count === 1 ? 'One line' : `${count} lines`;
  return complete ? `${lines}.` : `The first ${count} lines; there may be more.`;
}
