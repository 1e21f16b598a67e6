import type { ITheme } from '@xterm/xterm';

export const THEME_NAMES = ['page', 'dark', 'light', 'contrast'] as const;
export type ThemeName = (typeof THEME_NAMES)[number];

export const THEME_LABELS: Record<ThemeName, string> = {
  page: 'Like the page',
  dark: 'Dark',
  light: 'Light',
  contrast: 'High contrast',
};

const dark: ITheme = {
  background: '#0d1117',
  foreground: '#d7dde5',
  cursor: '#8ab4ff',
  cursorAccent: '#0d1117',
  selectionBackground: '#345180',
  black: '#21262d',
  red: '#ff7b72',
  green: '#56d364',
  yellow: '#e3b341',
  blue: '#79b8ff',
  magenta: '#d2a8ff',
  cyan: '#56d4dd',
  white: '#c9d1d9',
  brightBlack: '#8b949e',
  brightRed: '#ffa198',
  brightGreen: '#7ee787',
  brightYellow: '#f2cc60',
  brightBlue: '#a5d6ff',
  brightMagenta: '#e2c5ff',
  brightCyan: '#87e8ef',
  brightWhite: '#ffffff',
};

const light: ITheme = {
  background: '#ffffff',
  foreground: '#1f2430',
  cursor: '#2f4ac0',
  cursorAccent: '#ffffff',
  selectionBackground: '#c3d3ff',
  black: '#1f2430',
  red: '#b42318',
  green: '#116329',
  yellow: '#7d4e00',
  blue: '#0550ae',
  magenta: '#7a3ec8',
  cyan: '#0b6674',
  white: '#57606a',
  brightBlack: '#57606a',
  brightRed: '#a40e26',
  brightGreen: '#1a6b32',
  brightYellow: '#633c01',
  brightBlue: '#0a58ca',
  brightMagenta: '#6a32b3',
  brightCyan: '#1b6c85',
  brightWhite: '#24292f',
};

const contrast: ITheme = {
  ...dark,
  background: '#000000',
  foreground: '#ffffff',
  cursor: '#ffff00',
  cursorAccent: '#000000',
};

/** @returns the colours of a theme, `page` following the scheme of the page. */
export function terminalTheme(name: ThemeName, scheme: 'light' | 'dark'): ITheme {
  if (name === 'contrast') return contrast;
  if (name === 'light' || (name === 'page' && scheme === 'light')) return light;
  return dark;
}
