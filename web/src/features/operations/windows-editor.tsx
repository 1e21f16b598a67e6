import { type TimeWindow, WEEKDAYS, type Weekday } from '@netpilot/control-plane/contract/operations/values.ts';
import { ActionIcon, Button, Checkbox, Group, Stack, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { DAY_NAMES } from './words.ts';

/** Every night of a week with school. */
export const BEDTIME: TimeWindow = { days: ['sun', 'mon', 'tue', 'wed', 'thu'], from: '21:00', to: '07:00' };
const MOST = 16;

interface WindowsEditorProps {
  windows: TimeWindow[];
  onChange: (windows: TimeWindow[]) => void;
}

/** Times and weekdays; a window that ends before it begins goes on over midnight. */
export function WindowsEditor({ windows, onChange }: WindowsEditorProps) {
  const replace = (at: number, window: TimeWindow) =>
    onChange(windows.map((each, index) => (index === at ? window : each)));
  return (
    <Stack gap="sm">
      {windows.map((window, at) => (
        <Window
          key={at}
          number={at + 1}
          window={window}
          onChange={(changed) => replace(at, changed)}
          onRemove={() => onChange(windows.filter((_, index) => index !== at))}
        />
      ))}
      <Group>
        <Button
          variant="default"
          mih={44}
          leftSection={<IconPlus size={18} aria-hidden />}
          disabled={windows.length >= MOST}
          onClick={() => onChange([...windows, BEDTIME])}
        >
          Add times
        </Button>
      </Group>
    </Stack>
  );
}

interface WindowProps {
  number: number;
  window: TimeWindow;
  onChange: (window: TimeWindow) => void;
  onRemove: () => void;
}

function Window({ number, window, onChange, onRemove }: WindowProps) {
  const days = (chosen: string[]) => onChange({ ...window, days: WEEKDAYS.filter((day) => chosen.includes(day)) });
  return (
    <div className="np-surface" style={{ padding: 12 }} role="group" aria-label={`Times ${number}`}>
      <Checkbox.Group
        label="On"
        value={window.days}
        onChange={days}
        error={window.days.length === 0 ? 'Choose at least one day' : undefined}
      >
        <Group gap="sm" mt={6}>
          {WEEKDAYS.map((day: Weekday) => (
            <Checkbox key={day} value={day} label={DAY_NAMES[day]} size="md" />
          ))}
        </Group>
      </Checkbox.Group>
      <Group gap="sm" mt="sm" align="flex-end" wrap="nowrap">
        <TextInput
          type="time"
          label="From"
          size="md"
          flex={1}
          value={window.from}
          onChange={({ currentTarget }) => onChange({ ...window, from: currentTarget.value })}
        />
        <TextInput
          type="time"
          label="To"
          size="md"
          flex={1}
          value={window.to}
          onChange={({ currentTarget }) => onChange({ ...window, to: currentTarget.value })}
        />
        <ActionIcon variant="default" size={44} aria-label={`Remove times ${number}`} onClick={onRemove}>
          <IconTrash size={18} aria-hidden />
        </ActionIcon>
      </Group>
    </div>
  );
}
