import { useCallback, useSyncExternalStore } from 'react';
import { z } from 'zod';
import { THEME_NAMES } from './themes.ts';

export const SMALLEST_FONT = 8;
export const LARGEST_FONT = 28;

const TerminalSettings = z.object({
  /** Pixels. */
  fontSize: z.int().min(SMALLEST_FONT).max(LARGEST_FONT).catch(14),
  theme: z.enum(THEME_NAMES).catch('page'),
  /** Keeps the screen's text in the page for screen readers; slower with much output. */
  screenReader: z.boolean().catch(false),
});
/** How a person wants terminals to look, kept on this device. */
export type TerminalSettings = z.infer<typeof TerminalSettings>;

const KEY = 'netpilot-terminal';
const watchers = new Set<() => void>();
let current: TerminalSettings | null = null;

function load(): TerminalSettings {
  if (current) return current;
  let stored: unknown = {};
  try {
    stored = JSON.parse(localStorage.getItem(KEY) ?? '{}');
  } catch {
    // Broken or forbidden storage is the same as none.
  }
  current = TerminalSettings.catch(() => TerminalSettings.parse({})).parse(stored);
  return current;
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** The settings of terminals and the way to change them; all terminals follow at once. */
export function useTerminalSettings(): [TerminalSettings, (change: Partial<TerminalSettings>) => void] {
  const settings = useSyncExternalStore(watch, load);
  const change = useCallback((part: Partial<TerminalSettings>) => {
    current = TerminalSettings.parse({ ...load(), ...part });
    try {
      localStorage.setItem(KEY, JSON.stringify(current));
    } catch {
      // Then they last as long as the page.
    }
    for (const watcher of watchers) watcher();
  }, []);
  return [settings, change];
}

/** `?screenReader` in the address asks for it on one visit. */
export function screenReaderAsked(search: string): boolean {
  return new URLSearchParams(search).has('screenReader');
}
