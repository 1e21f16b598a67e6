import type { TerminalSize } from '@netpilot/control-plane/contract/sessions.ts';

/** Width and height of a cell of common monospace fonts, as parts of the font size. */
const CELL = { width: 0.602, height: 1.2 };

/** @returns about how many cells fit, so that a shell begins near its size; the terminal corrects it when it attaches. */
export function estimateSize(element: HTMLElement | null, fontSize: number): TerminalSize {
  if (!element || element.clientWidth === 0) return { cols: 80, rows: 24 };
  const fit = (pixels: number, cell: number, least: number) =>
    Math.min(1_000, Math.max(least, Math.floor(pixels / (fontSize * cell))));
  return { cols: fit(element.clientWidth - 24, CELL.width, 20), rows: fit(element.clientHeight - 8, CELL.height, 5) };
}
