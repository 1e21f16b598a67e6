import type { Terminal as HeadlessTerminal } from '@xterm/headless';
import type { TerminalSize } from '../../../../contract/sessions.ts';
import { cleanText } from './clean-text.ts';
import { GROUND, innerOf, openHeadless, parse } from './headless.ts';
import { lastCommand } from './last-command.ts';
import { endOfLines, endOfPlainText, endOfText } from './plain-text.ts';
import { writeState } from './screen-state.ts';
import { unfinished } from './unfinished.ts';

/** Lines at the beginning of some output in which a command is looked for before others push it away. */
const FIRST_LINES = 50;

/** What one terminal shows, by its output so far. Output is given in order, each piece after the one before has been parsed. */
export class ScreenModel {
  readonly #terminal: HeadlessTerminal;
  #title = '';
  #ran: string | null = null;
  #unfinished: Uint8Array = new Uint8Array(0);

  constructor(size: TerminalSize) {
    this.#terminal = openHeadless(size);
    this.#terminal.onTitleChange((title) => (this.#title = cleanText(title)));
  }

  get size(): TerminalSize {
    return { cols: this.#terminal.cols, rows: this.#terminal.rows };
  }

  /** Cells that it may come to hold. */
  get cells(): number {
    const { cols, rows, options } = this.#terminal;
    return cols * (rows + (options.scrollback ?? 0));
  }

  /** What a program called its window; printable. */
  get title(): string {
    return this.#title;
  }

  /** The last command behind a prompt that was seen. */
  get ran(): string | null {
    this.#ran = lastCommand(this.#terminal) ?? this.#ran;
    return this.#ran;
  }

  /** Parses output. @throws Error for output that the parser does not survive; the model is of no use then. */
  output(bytes: Uint8Array): void {
    const first = endOfLines(bytes, FIRST_LINES);
    this.#parse(bytes.subarray(0, first));
    if (first < bytes.length) {
      this.#ran = this.ran;
      this.#parse(bytes.subarray(first));
    }
    this.#note(bytes);
  }

  /**
   * Parses the end of some output, all of it text.
   * @returns false when that does not say what is shown, and nothing was parsed.
   */
  leap(bytes: Uint8Array): boolean {
    const from = this.#ordinary() ? endOfText(bytes, this.#lines()) : null;
    if (from === null) return false;
    parse(this.#terminal, Buffer.from('\r'));
    parse(this.#terminal, bytes.subarray(from));
    this.#note(bytes);
    return true;
  }

  #note(bytes: Uint8Array): void {
    const { parserState, partialCharacter } = innerOf(this.#terminal);
    this.#unfinished = unfinished(this.#unfinished, bytes, { ground: parserState === GROUND, partialCharacter });
  }

  resize({ cols, rows }: TerminalSize): void {
    this.#terminal.resize(cols, rows);
  }

  /** @returns bytes that bring a cleared terminal of this size to where this one is, the middle of a sequence included. */
  state(): Buffer {
    return Buffer.concat([Buffer.from(writeState(this.#terminal, this.#title), 'utf8'), this.#unfinished]);
  }

  dispose(): void {
    this.#terminal.dispose();
  }

  #parse(bytes: Uint8Array): void {
    const { cols, buffer } = this.#terminal;
    const place = { cols, lines: this.#lines(), column: buffer.active.cursorX };
    const end = this.#ordinary() ? endOfPlainText(bytes, place) : null;
    if (end === null) return parse(this.#terminal, bytes);
    parse(this.#terminal, Buffer.from(end.column === 0 ? '\r' : `\r\u001b[${end.column}C`));
    parse(this.#terminal, bytes.subarray(end.from));
  }

  /** Lines that leave nothing of what was there before. */
  #lines(): number {
    return this.#terminal.rows + (this.#terminal.options.scrollback ?? 0) + 1;
  }

  /** Whether plain text does here what it does on a terminal that nothing was said to. */
  #ordinary(): boolean {
    const { modes, buffer, rows } = this.#terminal;
    const { parserState, partialCharacter, buffers, charsets } = innerOf(this.#terminal);
    return (
      parserState === GROUND &&
      !partialCharacter &&
      buffer.active.type === 'normal' &&
      buffers.normal.scrollTop === 0 &&
      buffers.normal.scrollBottom === rows - 1 &&
      modes.wraparoundMode &&
      !modes.insertMode &&
      !modes.originMode &&
      charsets.active === undefined
    );
  }
}
