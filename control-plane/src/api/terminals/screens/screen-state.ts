import type { IBuffer, IBufferCell, IBufferLine, Terminal as HeadlessTerminal } from '@xterm/headless';
import { type Attributes, type Inner, type InnerBuffer, innerOf, isExtended, linkOf, underlineOf } from './headless.ts';
import { LinkWriter, SOME_LINK } from './links.ts';

const CSI = '\u001b[';
const TAB_WIDTH = 8;
/** Some combining character. */
const LONE_MARK = '\u0301';

/**
 * Writes what a terminal shows, and how it goes on, as the bytes that bring a cleared terminal of the same size there: scrollback, cells,
 * cursor, saved cursor, margins, tab stops, character sets, pen, links and modes. Left out: colours of underlines and of the palette, and what
 * a wide character does that finds no room where nothing wraps (it leaves half of another behind).
 * The parser must be in its ground state; an unfinished sequence is the caller's to add.
 */
export function writeState(terminal: HeadlessTerminal, title: string): string {
  const inner = innerOf(terminal);
  const painter = new Painter(terminal, inner);
  const { normal, alternate, active } = terminal.buffer;
  painter.buffer(normal);
  painter.frame(inner.buffers.normal, terminal.rows, normal.baseY);
  if (active.type === 'alternate') {
    painter.add(`${CSI}?1047h${CSI}H`);
    painter.buffer(alternate);
    painter.frame(inner.buffers.alt, terminal.rows, 0);
  }
  painter.add(modes(terminal));
  painter.add(cursorLook(inner));
  const encoding = { SGR: 1006, SGR_PIXELS: 1016 }[inner.mouseEncoding];
  if (encoding !== undefined) painter.add(`${CSI}?${encoding}h`);
  if (title !== '') painter.add(`\u001b]2;${title}\u0007`);
  const { designated, level, active: charset } = inner.charsets;
  // A cursor that was restored without having been saved has no character set, whatever is designated.
  const none = charset === undefined && designated[level] !== undefined;
  if (none) painter.add(`${charsets(designated, level)}\u001b8`);
  // In origin mode rows count from the margin, and setting it moves the cursor.
  const { originMode } = terminal.modes;
  if (originMode) painter.add(`${CSI}?6h`);
  const { scrollTop } = active.type === 'alternate' ? inner.buffers.alt : inner.buffers.normal;
  const top = originMode ? scrollTop : 0;
  painter.cursor(active, top);
  if (!none) painter.add(charsets(Object.assign([...designated], { [level]: charset }), level));
  painter.pen(inner.pen);
  painter.add(printingModes(terminal));
  // A combining character joins what was printed last, unless any sequence came behind that.
  if (inner.joins) painter.join(active, top, terminal.modes.insertMode);
  else painter.part();
  return painter.text();
}

/** Collects what draws a screen and knows the pen that stands at its end. */
class Painter {
  readonly #cols: number;
  readonly #parts: string[] = [];
  /** One for all that are looked at in turn. */
  readonly #cell: IBufferCell;
  readonly #links: LinkWriter;
  #pen = '0';

  constructor(terminal: HeadlessTerminal, { link }: Inner) {
    this.#links = new LinkWriter(link);
    this.#cols = terminal.cols;
    this.#cell = terminal.buffer.active.getNullCell();
  }

  add(text: string): void {
    if (text !== '') this.#parts.push(text);
  }

  text(): string {
    return this.#parts.join('');
  }

  pen(attributes: Attributes): void {
    this.#use(sgr(attributes), linkOf(attributes));
  }

  /** All lines of a buffer, from the line of the cursor on; the cursor ends somewhere in the last one. */
  buffer(buffer: IBuffer): void {
    for (let y = 0; y < buffer.length; y += 1) {
      const line = buffer.getLine(y);
      if (line === undefined) continue;
      if (y === 0 && line.isWrapped && buffer.type === 'alternate') {
        // What it goes on from has scrolled away for good, as the blank line in its place does with the last line.
        this.add(`${CSI}${this.#cols}G `);
        this.#goOn();
      }
      if (y > 0) {
        const above = buffer.getLine(y - 1);
        // A new line takes its colour from the pen.
        this.#use('0', 0);
        if (line.isWrapped && above !== undefined) this.#wrap(above);
        else this.add('\r\n');
      }
      this.#line(line);
    }
    this.#use('0', 0);
  }

  /** What frames a buffer apart from its cells: tab stops, margins and the saved cursor. @param base lines above the screen */
  frame(buffer: InnerBuffer, rows: number, base: number): void {
    const columns = Array.from({ length: this.#cols }, (_, x) => x);
    const isStop = (x: number) => buffer.tabs[x] === true;
    if (columns.some((x) => isStop(x) !== (x % TAB_WIDTH === 0))) {
      this.add(`${CSI}3g`);
      for (const x of columns.filter(isStop)) this.add(`${CSI}${x + 1}G\u001bH`);
    }
    if (buffer.scrollTop !== 0 || buffer.scrollBottom !== rows - 1) {
      this.add(`${CSI}${buffer.scrollTop + 1};${buffer.scrollBottom + 1}r`);
    }
    const charset = designation(buffer.savedCharset);
    this.add(`${CSI}${Math.max(0, buffer.savedY - base) + 1};${Math.min(buffer.savedX, this.#cols - 1) + 1}H`);
    const saved = buffer.savedCurAttrData;
    // Of a link it is kept only that there is one: a restored cursor writes on in the link that is open then.
    this.#use(sgr(saved), isExtended(saved) && underlineOf(saved) === 0 ? SOME_LINK : 0);
    this.add(charset === null ? '\u001b7' : `\u001b(${charset}\u001b7\u001b(B`);
    this.#use('0', 0);
  }

  /** Puts the cursor where it is (rows count from `top`), also behind the last column, where the next character wraps. */
  cursor(buffer: IBuffer, top: number): void {
    const { cursorX } = buffer;
    if (cursorX < this.#cols) return this.#move(buffer, cursorX, top);
    const { x, cell } = this.#before(buffer);
    this.#move(buffer, x, top);
    this.#use(sgr(cell), linkOf(cell));
    this.add(cell.getChars() || ' ');
    if (cursorX === this.#cols) return;
    // A combining character found nothing to join there: it is shown nowhere and takes a column.
    this.part();
    this.add(LONE_MARK);
  }

  /** Prints what stands before the cursor once more, so that it can be joined. @param inserting whether that moves what is behind it. */
  join(buffer: IBuffer, top: number, inserting: boolean): void {
    const { x, cell } = this.#before(buffer);
    // Without wrapping, a wide character that found no room was printed last and is shown nowhere; this is another one.
    if (sgr(cell) !== this.#pen) return this.part();
    this.#move(buffer, x, top);
    if (inserting) this.add(`${CSI}${cell.getWidth()}P`);
    this.add(cell.getChars() || ' ');
  }

  /** Parts what comes from what was printed before, so that a combining character joins nothing. */
  part(): void {
    this.add(`${CSI}${this.#pen}m`);
  }

  #move({ cursorY }: IBuffer, x: number, top: number): void {
    this.add(`${CSI}${Math.max(0, cursorY - top) + 1};${x + 1}H`);
  }

  /** @returns the cell before the cursor, of a wide character the first, and its column. */
  #before(buffer: IBuffer): { x: number; cell: IBufferCell } {
    const { cursorX, cursorY, baseY } = buffer;
    const line = buffer.getLine(baseY + cursorY);
    const at = Math.min(Math.max(cursorX, 1), this.#cols) - 1;
    const isSecond = at > 0 && line?.getCell(at)?.getWidth() === 0 && line.getCell(at)?.getChars() === '';
    const x = isSecond ? at - 1 : at;
    return { x, cell: line?.getCell(x) ?? this.#cell };
  }

  #line(line: IBufferLine): void {
    let blanks = 0;
    let background = '0';
    const flush = (atEnd: boolean) => {
      if (blanks === 0) return;
      if (background !== '0') {
        this.#use(background, 0);
        this.add(`${CSI}${blanks}X`);
      }
      if (!atEnd) this.add(`${CSI}${blanks}C`);
      blanks = 0;
    };
    const styles = new Styles();
    for (let x = 0; x < this.#cols; x += 1) {
      const cell = line.getCell(x, this.#cell);
      if (cell === undefined) break;
      const characters = cell.getChars();
      if (cell.getWidth() === 0 && characters === '') continue;
      styles.read(cell);
      const { style, erased: bare } = styles;
      // A combining character on its own.
      if (cell.getWidth() === 0) this.part();
      const link = linkOf(cell);
      if (characters === '' && style === bare && link === 0) {
        if (style !== background) flush(false);
        background = style;
        blanks += 1;
      } else {
        flush(false);
        this.#use(style, link);
        this.add(characters === '' ? ' ' : characters);
      }
    }
    flush(true);
  }

  /** Goes on to a line that the terminal itself began because the one above was full. */
  #wrap(above: IBufferLine): void {
    const last = above.getCell(this.#cols - 1);
    const full = last === undefined || last.getWidth() === 0 || !isErased(last);
    if (!full) this.add(`${CSI}${this.#cols}G `);
    this.#goOn();
    if (full || last === undefined) return;
    const style = backgroundSgr(last);
    this.add(`${CSI}A${CSI}${this.#cols}G`);
    this.#use(style, 0);
    this.add(`${CSI}X`);
    this.#use('0', 0);
    this.add(`${CSI}B\r`);
  }

  /** Has the terminal begin a line by itself, behind a full one. */
  #goOn(): void {
    this.add(` \r${CSI}X`);
  }

  #use(style: string, link: number): void {
    this.add(this.#links.to(link));
    if (style === this.#pen) return;
    this.#pen = style;
    this.add(`${CSI}${style}m`);
  }
}

/** The styles of cells in turn; neighbours mostly have the same, and working one out is most of the work. */
class Styles {
  /** Parameters of SGR: all of the cell's attributes, and what would be left if it were erased. */
  style = '0';
  erased = '0';
  #foreground = 0;
  #background = 0;

  read(cell: IBufferCell): void {
    const { fg, bg } = cell as IBufferCell & { readonly fg: number; readonly bg: number };
    if (fg === this.#foreground && bg === this.#background && !isExtended(cell)) return;
    this.#foreground = fg;
    this.#background = bg;
    this.style = sgr(cell);
    this.erased = backgroundSgr(cell);
  }
}

const FLAGS: readonly (readonly [keyof Attributes, number])[] = [
  ['isBold', 1],
  ['isDim', 2],
  ['isItalic', 3],
  ['isBlink', 5],
  ['isInverse', 7],
  ['isInvisible', 8],
  ['isStrikethrough', 9],
  ['isOverline', 53],
];

/** @returns the parameters of the SGR sequence that sets exactly these attributes. */
function sgr(attributes: Attributes): string {
  let style = '0';
  for (const [flag, code] of FLAGS) if (attributes[flag]()) style += `;${code}`;
  const underline = underlineOf(attributes);
  if (underline > 0) style += underline === 1 ? ';4' : `;4:${underline}`;
  if (attributes.isFgRGB()) style += `;38;2;${rgb(attributes.getFgColor())}`;
  else if (attributes.isFgPalette()) style += `;38;5;${attributes.getFgColor()}`;
  return style + background(attributes);
}

/** Whether nothing was printed into a cell, or nothing is left of it but a background. */
function isErased(cell: IBufferCell): boolean {
  return cell.getChars() === '' && linkOf(cell) === 0 && sgr(cell) === backgroundSgr(cell);
}

/** What an erased cell keeps of the attributes. */
function backgroundSgr(attributes: Attributes): string {
  return `0${background(attributes)}`;
}

function background(attributes: Attributes): string {
  if (attributes.isBgRGB()) return `;48;2;${rgb(attributes.getBgColor())}`;
  return attributes.isBgPalette() ? `;48;5;${attributes.getBgColor()}` : '';
}

function rgb(colour: number): string {
  return `${(colour >>> 16) & 0xff};${(colour >>> 8) & 0xff};${colour & 0xff}`;
}

/** @returns the final byte that designates a character set; null for ASCII, and for national sets that nobody draws with. */
function designation(charset: Readonly<Record<string, string>> | undefined): string | null {
  if (charset?.['`'] === '◆') return '0';
  return charset?.['#'] === '£' && charset['@'] === undefined ? 'A' : null;
}

function charsets(designated: readonly (Readonly<Record<string, string>> | undefined)[], level: number): string {
  const sets = ['(', ')', '*', '+'].map((slot, index) => {
    const final = designation(designated[index]);
    return final === null ? '' : `\u001b${slot}${final}`;
  });
  return sets.join('') + (['', '\u000e', '\u001bn', '\u001bo'][level] ?? '');
}

/** Modes that change nothing of how a character is printed. */
function modes({ modes: on }: HeadlessTerminal): string {
  const set = [
    on.applicationCursorKeysMode ? `${CSI}?1h` : '',
    on.applicationKeypadMode ? '\u001b=' : '',
    on.bracketedPasteMode ? `${CSI}?2004h` : '',
    on.reverseWraparoundMode ? `${CSI}?45h` : '',
    on.sendFocusMode ? `${CSI}?1004h` : '',
  ];
  const tracking = { none: null, x10: 9, vt200: 1000, drag: 1002, any: 1003 }[on.mouseTrackingMode];
  return set.join('') + (tracking === null ? '' : `${CSI}?${tracking}h`);
}

/** Modes that do. */
function printingModes({ modes: on }: HeadlessTerminal): string {
  return `${on.insertMode ? `${CSI}4h` : ''}${on.wraparoundMode ? '' : `${CSI}?7l`}`;
}

function cursorLook({ cursor }: Inner): string {
  let text = cursor.hidden ? `${CSI}?25l` : '';
  if (cursor.style !== undefined) {
    const shape = { block: 1, underline: 3, bar: 5 }[cursor.style] ?? 1;
    text += `${CSI}${cursor.blink === true ? shape : shape + 1} q`;
  }
  return text;
}
