import { Select, Slider, Stack, Switch, Text } from '@mantine/core';
import { LARGEST_FONT, SMALLEST_FONT, useTerminalSettings } from './settings.ts';
import { THEME_LABELS, THEME_NAMES, type ThemeName } from './themes.ts';

/** How terminals look on this device. */
export function TerminalPreferences() {
  const [settings, change] = useTerminalSettings();
  return (
    <Stack>
      <div>
        <Text size="sm" fw={500} mb={6}>
          Font size: {settings.fontSize} px
        </Text>
        <Slider
          thumbLabel="Font size"
          min={SMALLEST_FONT}
          max={LARGEST_FONT}
          value={settings.fontSize}
          onChange={(fontSize) => change({ fontSize })}
          label={null}
          maw={360}
        />
      </div>
      <Select
        label="Theme"
        data={THEME_NAMES.map((value) => ({ value, label: THEME_LABELS[value] }))}
        value={settings.theme}
        allowDeselect={false}
        onChange={(theme) => theme && change({ theme: theme as ThemeName })}
        maw={360}
        size="md"
      />
      <Switch
        label="Screen reader support"
        description="Keeps the text of the screen where a screen reader finds it; slower with much output"
        checked={settings.screenReader}
        onChange={({ currentTarget }) => change({ screenReader: currentTarget.checked })}
      />
    </Stack>
  );
}
