import type { Terminal } from '@xterm/xterm';

/** A finger that rests this long selects, in milliseconds; one that moves further than this in pixels before scrolls. */
const LONG_PRESS_MS = 450;
const SLOP_PX = 10;
/** Share of its speed that a flick keeps in each frame; slower than a pixel a frame it stops. */
const FRICTION = 0.94;

/** A cell of the buffer; rows count from its first line. */
export interface Cell {
  readonly column: number;
  readonly row: number;
}

export interface Span {
  readonly column: number;
  readonly row: number;
  /** Cells from there on, over line ends. */
  readonly length: number;
}

/** @returns what stands between two cells, both included, whichever comes first. */
export function spanOf(one: Cell, other: Cell, cols: number): Span {
  const [a, b] = [one.row * cols + one.column, other.row * cols + other.column];
  const start = Math.min(a, b);
  return { column: start % cols, row: Math.floor(start / cols), length: Math.abs(a - b) + 1 };
}

/** @returns the word around a column of a line: what is between two blanks. */
export function wordAt(line: string, column: number): { readonly from: number; readonly to: number } {
  const blank = (at: number) => (line[at] ?? ' ').trim() === '';
  if (blank(column)) return { from: column, to: column };
  let from = column;
  let to = column;
  while (from > 0 && !blank(from - 1)) from -= 1;
  while (!blank(to + 1)) to += 1;
  return { from, to };
}

/**
 * What fingers do on a terminal, which xterm leaves to the page: dragging scrolls (with some weight), a long press selects a word and, dragged
 * on, more. `onMenu` is told where the finger left a selection or a long press.
 */
export function watchTouches(
  element: HTMLElement,
  terminal: Terminal,
  onMenu: (at: { x: number; y: number }) => void,
  signal: AbortSignal,
): void {
  let start: { x: number; y: number } | null = null;
  let last = { y: 0, at: 0 };
  let speed = 0;
  let rest = 0;
  let frame = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let selecting: { from: Cell; to: Cell } | null = null;

  const screen = () => element.querySelector('.xterm-screen')?.getBoundingClientRect();
  const lineHeight = () => (screen()?.height ?? 0) / terminal.rows || 16;
  const cellAt = (x: number, y: number): Cell => {
    const box = screen();
    if (!box) return { column: 0, row: 0 };
    const within = (value: number, most: number) => Math.max(0, Math.min(most - 1, Math.floor(value)));
    const column = within(((x - box.left) / box.width) * terminal.cols, terminal.cols);
    const row = within(((y - box.top) / box.height) * terminal.rows, terminal.rows);
    return { column, row: row + terminal.buffer.active.viewportY };
  };
  const stop = () => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
  };
  /** Scrolls by pixels; what is less than a line is kept for the next time. */
  const scroll = (pixels: number) => {
    rest += pixels / lineHeight();
    const lines = Math.trunc(rest);
    rest -= lines;
    if (lines !== 0) terminal.scrollLines(lines);
  };
  const glide = () => {
    speed *= FRICTION;
    if (Math.abs(speed) < 1) return;
    scroll(speed);
    frame = requestAnimationFrame(glide);
  };
  const select = ({ from, to }: { from: Cell; to: Cell }) => {
    const span = spanOf(from, to, terminal.cols);
    terminal.select(span.column, span.row, span.length);
  };
  const press = (x: number, y: number) => {
    const { column, row } = cellAt(x, y);
    const line = terminal.buffer.active.getLine(row)?.translateToString() ?? '';
    const word = wordAt(line, column);
    selecting = { from: { column: word.from, row }, to: { column: word.to, row } };
    if (line[column]?.trim()) select(selecting);
    navigator.vibrate?.(10);
  };

  const on = <K extends 'touchstart' | 'touchmove' | 'touchend' | 'touchcancel'>(
    type: K,
    listener: (event: TouchEvent) => void,
  ) => element.addEventListener(type, listener, { capture: true, passive: false, signal });

  on('touchstart', (event) => {
    stop();
    selecting = null;
    const [touch] = event.touches;
    if (!touch || event.touches.length > 1) return (start = null);
    const { clientX: x, clientY: y } = touch;
    start = { x, y };
    last = { y, at: event.timeStamp };
    speed = 0;
    rest = 0;
    timer = setTimeout(() => press(x, y), LONG_PRESS_MS);
  });
  on('touchmove', (event) => {
    const [touch] = event.touches;
    if (!start || !touch || event.touches.length > 1) return stop();
    const { clientX: x, clientY: y } = touch;
    if (selecting) {
      event.preventDefault();
      selecting = { ...selecting, to: cellAt(x, y) };
      return select(selecting);
    }
    if (Math.hypot(x - start.x, y - start.y) < SLOP_PX && speed === 0) return;
    clearTimeout(timer);
    event.preventDefault();
    const moved = last.y - y;
    // Pixels in a frame of 16 ms, smoothed.
    speed = 0.6 * ((moved / Math.max(1, event.timeStamp - last.at)) * 16) + 0.4 * speed;
    last = { y, at: event.timeStamp };
    scroll(moved);
  });
  on('touchend', (event) => {
    clearTimeout(timer);
    if (!start) return;
    const { x, y } = start;
    start = null;
    if (selecting) {
      // No tap comes of it, which would bring up the keyboard and drop the selection.
      event.preventDefault();
      const box = element.getBoundingClientRect();
      return onMenu({ x: x - box.left, y: y - box.top });
    }
    if (Math.abs(speed) > 1) {
      event.preventDefault();
      frame = requestAnimationFrame(glide);
    }
  });
  on('touchcancel', () => {
    start = null;
    stop();
  });
  // The browser's own menu of a long press covers ours.
  element.addEventListener(
    'contextmenu',
    (event) => {
      if (matchMedia('(pointer: coarse)').matches) event.preventDefault();
    },
    { signal },
  );
  signal.addEventListener('abort', stop);
}
