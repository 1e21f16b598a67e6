import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { WebglAddon } from '@xterm/addon-webgl';
import type { TerminalSize } from '@netpilot/control-plane/contract/sessions.ts';
import { Terminal } from '@xterm/xterm';
import type { Screen } from './attach.ts';
import { cleanTitle, guardOutput, openLink } from './guards.ts';
import { SMALLEST_FONT, type TerminalSettings } from './settings.ts';
import { terminalTheme } from './themes.ts';

/** Lines kept above the screen. */
const SCROLLBACK = 10_000;
const FONT = 'ui-monospace, "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

export interface XtermOptions {
  element: HTMLElement;
  settings: TerminalSettings;
  scheme: 'light' | 'dark';
  /** Name of the text field for screen readers. */
  label: string;
  /** Typed on the keyboard, or an answer of the terminal. */
  onInput(data: string): void;
  /** Bytes of a mouse report in an old encoding. */
  onBinary(data: string): void;
  onTitle(title: string): void;
  onPaste(text: string): void;
  onResize(): void;
  onSelection(selected: boolean): void;
  onFind(): void;
  onLeave(): void;
  /** False while history is parsed again. */
  live(): boolean;
}

/** Long enough for the first picture, in milliseconds. */
const WEBGL_CHECK_MS = 300;

/** xterm with its addons and guards; everything it holds is given up by {@link XtermScreen.dispose}. */
export class XtermScreen implements Screen {
  readonly terminal: Terminal;
  readonly search = new SearchAddon();
  readonly #fit = new FitAddon();
  readonly #observer: ResizeObserver;
  readonly #element: HTMLElement;
  readonly #abort = new AbortController();
  #frame = 0;
  /** The driver's size while somebody else drives. */
  #fixed: TerminalSize | null = null;
  #settings: TerminalSettings;
  #webgl: WebglAddon | null = null;
  #webglCheck: ReturnType<typeof setTimeout> | undefined;

  constructor(options: XtermOptions) {
    this.#element = options.element;
    this.#settings = options.settings;
    const terminal = new Terminal({
      allowProposedApi: true,
      scrollback: SCROLLBACK,
      fontFamily: FONT,
      cursorBlink: true,
      minimumContrastRatio: 4.5,
      windowOptions: {},
      linkHandler: { activate: (_event, address) => openLink(address), allowNonHttpProtocols: false },
      ...appearance(options.settings, options.scheme),
    });
    this.terminal = terminal;
    guardOutput(terminal, options.live);
    terminal.loadAddon(this.#fit);
    terminal.loadAddon(this.search);
    terminal.loadAddon(new Unicode11Addon());
    terminal.unicode.activeVersion = '11';
    terminal.loadAddon(new WebLinksAddon((_event, address) => openLink(address)));
    terminal.open(options.element);
    terminal.textarea?.setAttribute('aria-label', options.label);
    for (const name of ['autocorrect', 'autocapitalize', 'autocomplete']) terminal.textarea?.setAttribute(name, 'off');
    this.#useWebgl();

    terminal.onData(options.onInput);
    terminal.onBinary(options.onBinary);
    terminal.onTitleChange((title) => options.onTitle(cleanTitle(title)));
    terminal.onSelectionChange(() => options.onSelection(terminal.hasSelection()));
    terminal.attachCustomKeyEventHandler((event) => this.#shortcut(event, options));
    // Before xterm sees it: a paste goes through our cleaning and asking.
    options.element.addEventListener(
      'paste',
      (event) => {
        event.preventDefault();
        event.stopPropagation();
        options.onPaste(event.clipboardData?.getData('text/plain') ?? '');
      },
      { capture: true, signal: this.#abort.signal },
    );
    this.#observer = new ResizeObserver(() => {
      cancelAnimationFrame(this.#frame);
      this.#frame = requestAnimationFrame(() => this.fit());
    });
    this.#observer.observe(options.element);
    this.fit();
    // Only from here on: the first size is read when the terminal attaches.
    terminal.onResize(() => options.onResize());
  }

  write(bytes: Uint8Array, done: () => void): void {
    this.terminal.write(bytes, done);
  }

  reset(): void {
    this.terminal.reset();
  }

  say(text: string): void {
    this.terminal.write(`\r\n\u001b[0;7m ${text} \u001b[0m\r\n`);
  }

  size(): { cols: number; rows: number } {
    return { cols: this.terminal.cols, rows: this.terminal.rows };
  }

  setSize(size: TerminalSize | null): void {
    this.#fixed = size;
    this.terminal.options.fontSize = this.#settings.fontSize;
    if (size !== null) this.terminal.resize(size.cols, size.rows);
    this.fit();
  }

  /**
   * Fills the element with whole cells; a hidden element keeps its size. A size that somebody else has is drawn smaller until it is all
   * there, and scrolls where that would be too small to read.
   */
  fit(): void {
    const proposed = this.#fit.proposeDimensions();
    if (!proposed || this.#element.clientHeight === 0 || !(proposed.cols >= 2) || !(proposed.rows >= 1)) return;
    if (this.#fixed !== null) {
      const share = Math.min(proposed.cols / this.#fixed.cols, proposed.rows / this.#fixed.rows);
      const drawn = this.terminal.options.fontSize ?? this.#settings.fontSize;
      const fitting = Math.floor(drawn * share);
      this.terminal.options.fontSize = Math.max(SMALLEST_FONT, Math.min(this.#settings.fontSize, fitting));
      return;
    }
    const [cols, rows] = [Math.min(proposed.cols, 1_000), Math.min(proposed.rows, 1_000)];
    if (cols !== this.terminal.cols || rows !== this.terminal.rows) this.terminal.resize(cols, rows);
  }

  /** Changes what a person may choose, while it runs. */
  dress(settings: TerminalSettings, scheme: 'light' | 'dark'): void {
    this.#settings = settings;
    Object.assign(this.terminal.options, appearance(settings, scheme));
    this.fit();
  }

  /** @returns the selected text, or what the screen shows when nothing is selected. */
  text(): string {
    if (this.terminal.hasSelection()) return this.terminal.getSelection();
    const { active } = this.terminal.buffer;
    const lines = Array.from({ length: this.terminal.rows }, (_, row) =>
      active.getLine(active.viewportY + row)?.translateToString(true),
    );
    return lines.join('\n').trimEnd();
  }

  dispose(): void {
    this.#abort.abort();
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#webglCheck);
    this.terminal.dispose();
  }

  #useWebgl(): void {
    // A phone takes the context away in the background and has little to gain: elements are drawn there.
    if (matchMedia('(pointer: coarse)').matches) return;
    try {
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => this.#dropWebgl());
      this.terminal.loadAddon(webgl);
      this.#webgl = webgl;
      this.#webglCheck = setTimeout(() => this.#checkWebgl(), WEBGL_CHECK_MS);
    } catch {
      // No WebGL here: drawing with elements is slower and right.
    }
  }

  /** Some browsers tell a wrong count of device pixels: the picture would be scaled and cut. */
  #checkWebgl(): void {
    const canvas = this.#element.querySelector<HTMLCanvasElement>('.xterm-screen canvas:not(.xterm-link-layer)');
    if (canvas === null || canvas.clientWidth === 0) return;
    const scale = canvas.width / canvas.clientWidth;
    if (Math.abs(scale - devicePixelRatio) > 0.1 * devicePixelRatio) this.#dropWebgl();
  }

  #dropWebgl(): void {
    this.#webgl?.dispose();
    this.#webgl = null;
  }

  #shortcut(event: KeyboardEvent, options: XtermOptions): boolean {
    if (event.type !== 'keydown' || !(event.ctrlKey || event.metaKey) || !event.shiftKey || event.altKey) return true;
    const key = event.key.toLowerCase();
    if (key === 'f') options.onFind();
    else if (key === 'c') void navigator.clipboard?.writeText(this.terminal.getSelection()).catch(() => undefined);
    else if (key === 'escape' || key === 'e') options.onLeave();
    // The browser's own paste follows and comes back as a paste event.
    else return key !== 'v';
    event.preventDefault();
    return false;
  }
}

function appearance({ fontSize, theme, screenReader }: TerminalSettings, scheme: 'light' | 'dark') {
  return { fontSize, theme: terminalTheme(theme, scheme), screenReaderMode: screenReader };
}
