import { type CSSVariablesResolver, type MantineColorsTuple, createTheme } from '@mantine/core';

/** From the lightest to the darkest; shade 7 carries white text at more than 4.5:1, shade 4 reads on dark at the same. */
const brand: MantineColorsTuple = [
  '#eef1ff',
  '#dbe2ff',
  '#b9c6ff',
  '#94a8fb',
  '#8098f7',
  '#5470e6',
  '#4560d8',
  '#3650c4',
  '#2f47b0',
  '#263b94',
];

/** Mantine's dark greys are neutral; ours lean to the blue of the surfaces, from text to background. */
const dark: MantineColorsTuple = [
  '#d9dee8',
  '#b8c0ce',
  '#8b95a7',
  '#69748a',
  '#3a4354',
  '#2e3645',
  '#222935',
  '#181d27',
  '#10141c',
  '#0b0e14',
];

export const theme = createTheme({
  primaryColor: 'brand',
  primaryShade: 7,
  colors: { brand, dark },
  defaultRadius: 'md',
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: { fontWeight: '650' },
  components: {
    // Inside its landmark and without a placeholder, which a menu may not have as a child (WAI-ARIA 1.2, menu).
    Menu: { defaultProps: { withinPortal: false, withInitialFocusPlaceholder: false } },
    // The head of a dialog is no banner of the page.
    Modal: {
      defaultProps: {
        centered: true,
        closeButtonProps: { 'aria-label': 'Close' },
        attributes: { header: { role: 'presentation' } },
      },
    },
    Drawer: {
      defaultProps: {
        closeButtonProps: { 'aria-label': 'Close' },
        attributes: { header: { role: 'presentation' } },
      },
    },
    Tooltip: { defaultProps: { openDelay: 300, events: { hover: true, focus: true, touch: false } } },
  },
});

/** Mantine's own greys are too faint for small text (WCAG 1.4.3). */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#f6f7fb',
    '--mantine-color-dimmed': '#545b6b',
    '--mantine-color-placeholder': '#6b7280',
    '--mantine-color-anchor': '#2f47b0',
    '--mantine-color-error': '#b3261e',
    '--np-surface': '#ffffff',
    '--np-line': '#dfe3ec',
    '--np-good': '#12703a',
    '--np-warn': '#8a5200',
    '--np-bad': '#b3261e',
    '--np-idle': '#5d6474',
    '--np-good-soft': '#e3f5ea',
    '--np-warn-soft': '#fff3dc',
    '--np-bad-soft': '#fdeceb',
    '--np-info-soft': '#eaf0ff',
  },
  dark: {
    '--mantine-color-body': '#10141c',
    '--mantine-color-dimmed': '#a4adbd',
    '--mantine-color-placeholder': '#8d96a6',
    '--mantine-color-anchor': '#a9b9ff',
    '--mantine-color-error': '#ff9a92',
    '--np-surface': '#181d27',
    '--np-line': '#2b3240',
    '--np-good': '#5fd38d',
    '--np-warn': '#f0bd5d',
    '--np-bad': '#ff9a92',
    '--np-idle': '#a4adbd',
    '--np-good-soft': '#12301f',
    '--np-warn-soft': '#372a10',
    '--np-bad-soft': '#3b1a19',
    '--np-info-soft': '#1a2440',
  },
});
