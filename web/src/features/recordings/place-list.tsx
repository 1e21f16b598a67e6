import { Box, Text, UnstyledButton } from '@mantine/core';
import { clock, printable } from './recording-words.ts';

export interface Place {
  seconds: number;
  text: string;
  /** What kind of place it is, in front of the text. */
  kind?: string;
  isCode?: boolean;
}

interface PlaceListProps {
  label: string;
  places: readonly Place[];
  onJump: (seconds: number) => void;
}

/** Places in a recording; choosing one leads the player there. */
export function PlaceList({ label, places, onJump }: PlaceListProps) {
  if (places.length === 0) return null;
  return (
    <Box
      component="ol"
      aria-label={label}
      m={0}
      p={0}
      mah={320}
      style={{ listStyle: 'none', overflowY: 'auto' }}
      tabIndex={0}
    >
      {places.map(({ seconds, text, kind, isCode }, index) => (
        <li key={`${seconds}-${index}`}>
          <UnstyledButton
            onClick={() => onJump(seconds)}
            w="100%"
            mih={44}
            px={8}
            style={{ display: 'flex', gap: 12, alignItems: 'center' }}
          >
            <Text
              component="span"
              size="sm"
              c="dimmed"
              w={64}
              style={{ flex: 'none', fontVariantNumeric: 'tabular-nums' }}
            >
              {clock(seconds)}
            </Text>
            {kind !== undefined && (
              <Text component="span" size="sm" c="dimmed" w={72} style={{ flex: 'none' }}>
                {kind}
              </Text>
            )}
            <Text component="span" size="sm" ff={isCode === true ? 'monospace' : undefined} truncate>
              {printable(text)}
            </Text>
          </UnstyledButton>
        </li>
      ))}
    </Box>
  );
}
