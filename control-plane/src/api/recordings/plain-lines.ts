const BACKSPACE = '\b';
const BELL = '\x07';
const ESCAPE = '\x1b';
/** More of a line is left out, in UTF-16 units. */
const MAX_LINE = 2_000;

export interface PlainLine {
  /** Since the start of the recording, when the line began. */
  readonly seconds: number;
  readonly text: string;
}

type State = 'text' | 'escape' | 'intermediate' | 'csi' | 'string' | 'string-escape';

/**
 * Output as the lines that a person would have read, near enough to be searched: escape sequences are left out (ECMA-48, section 5), a
 * backspace takes back, and a line ends where the cursor leaves it. Holds one line, whatever comes.
 */
export class PlainLines {
  #state: State = 'text';
  #line = '';
  #seconds = 0;

  /** @returns the lines that `output` ends. */
  push(output: string, seconds: number): PlainLine[] {
    const lines: PlainLine[] = [];
    for (const character of output) {
      if (this.#state !== 'text') this.#state = next(this.#state, character);
      else if (character === ESCAPE) this.#state = 'escape';
      else if (character === '\n' || character === '\r') {
        if (this.#line !== '') lines.push(this.#take());
      } else if (character === BACKSPACE) this.#line = this.#line.slice(0, -1);
      else if (character >= ' ' && this.#line.length < MAX_LINE) {
        if (this.#line === '') this.#seconds = seconds;
        this.#line += character;
      }
    }
    return lines;
  }

  /** @returns the line under way, if there is one. */
  end(): PlainLine[] {
    return this.#line === '' ? [] : [this.#take()];
  }

  #take(): PlainLine {
    const line = { seconds: this.#seconds, text: this.#line };
    this.#line = '';
    return line;
  }
}

/** Where a character leads within an escape sequence. */
function next(state: State, character: string): State {
  switch (state) {
    case 'escape':
      if (character === '[') return 'csi';
      if (']PX^_'.includes(character)) return 'string';
      return character >= ' ' && character <= '/' ? 'intermediate' : 'text';
    case 'intermediate':
      return character >= ' ' && character <= '/' ? 'intermediate' : 'text';
    case 'csi':
      if (character === ESCAPE) return 'escape';
      return character >= '@' && character <= '~' ? 'text' : 'csi';
    case 'string':
      if (character === ESCAPE) return 'string-escape';
      return character === BELL ? 'text' : 'string';
    case 'string-escape':
      return character === '\\' ? 'text' : 'string';
    case 'text':
      return 'text';
  }
}
