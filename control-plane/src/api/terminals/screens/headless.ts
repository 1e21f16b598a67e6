import { Unicode11Addon } from '@xterm/addon-unicode11';
import headless from '@xterm/headless';
import type { IBufferCell, Terminal as HeadlessTerminal } from '@xterm/headless';
import type { TerminalSize } from '../../../../contract/sessions.ts';

/** Cells of one buffer that a model may have: scrollback gives way where the screen is large. */
const MOST_CELLS = 400_000;
/** Lines above the screen that somebody who joins gets. */
export const SCROLLBACK = 1_000;

/** The state of xterm's parser in which nothing is unfinished (EscapeSequenceParser). */
export const GROUND = 0;

/** Attributes as xterm keeps them; colour modes and flags are asked for by method, as of a cell. */
export type Attributes = Pick<
  IBufferCell,
  | 'getFgColor'
  | 'getBgColor'
  | 'isFgRGB'
  | 'isFgPalette'
  | 'isBgRGB'
  | 'isBgPalette'
  | 'isBold'
  | 'isItalic'
  | 'isDim'
  | 'isBlink'
  | 'isInverse'
  | 'isInvisible'
  | 'isStrikethrough'
  | 'isOverline'
>;
/** Parts of attributes that only xterm's own numbers tell (BgFlags, FgFlags, ExtendedAttrs). */
interface InnerAttributes {
  readonly fg: number;
  readonly bg: number;
  /** Underline style in three bits; what its public name tells is another one while there is a link. */
  readonly extended: { readonly _ext: number; readonly urlId: number };
}
const HAS_UNDERLINE = 0x1000_0000;
const HAS_EXTENDED = 0x1000_0000;
const STYLE_SHIFT = 26;

/** A hyperlink (OSC 8); `id` as its writer named it. */
export interface Hyperlink {
  readonly id?: string | undefined;
  readonly uri: string;
}

type Charset = Readonly<Record<string, string>> | undefined;

interface InnerBuffer {
  readonly x: number;
  readonly y: number;
  readonly lines: { get(index: number): unknown };
  readonly savedX: number;
  readonly savedY: number;
  readonly savedCurAttrData: Attributes;
  readonly savedCharset: Charset;
  readonly scrollTop: number;
  readonly scrollBottom: number;
  readonly tabs: Readonly<Record<number, boolean | undefined>>;
}

/** What of xterm's inside has no public name and is part of what a terminal shows next; as of @xterm/headless 6.0. */
export interface Inner {
  readonly buffers: { readonly normal: InnerBuffer; readonly alt: InnerBuffer };
  readonly pen: Attributes;
  /** Whether a combining character would still join what was printed last. */
  readonly joins: boolean;
  readonly parserState: number;
  /** Bytes of a character that is not whole yet. */
  readonly partialCharacter: boolean;
  readonly charsets: { readonly level: number; readonly designated: readonly Charset[]; readonly active: Charset };
  readonly cursor: {
    readonly hidden: boolean;
    readonly style: string | undefined;
    readonly blink: boolean | undefined;
  };
  readonly mouseEncoding: string;
  /** @returns undefined for a link that xterm has forgotten. */
  readonly link: (id: number) => Hyperlink | undefined;
}
export type { InnerBuffer };

interface Core {
  readonly _inputHandler: {
    readonly _curAttrData: Attributes;
    readonly _parser: {
      readonly currentState: number;
      readonly precedingJoinState: number;
      registerCsiHandler(id: { final: string }, handler: (parameters: { params: Int32Array }) => boolean): unknown;
    };
    parse(bytes: Uint8Array): void;
    readonly _oscLinkService: { getLinkData(id: number): Hyperlink | undefined };
    readonly _utf8Decoder: { readonly interim: Uint8Array };
  };
  readonly _charsetService: {
    readonly glevel: number;
    readonly _charsets: readonly Charset[];
    readonly charset: Charset;
  };
  readonly coreService: {
    readonly isCursorHidden: boolean;
    readonly decPrivateModes: { readonly cursorStyle?: string; readonly cursorBlink?: boolean };
  };
  readonly coreMouseService: { readonly activeEncoding: string };
  readonly _bufferService: {
    readonly buffers: Inner['buffers'] & { readonly active: InnerBuffer };
  };
}

/** A terminal without a screen that counts widths as the page does. What it would answer goes nowhere: nobody listens to its `onData`. */
export function openHeadless({ cols, rows }: TerminalSize): HeadlessTerminal {
  const scrollback = Math.min(SCROLLBACK, Math.max(0, Math.floor(MOST_CELLS / cols) - rows));
  const terminal = new headless.Terminal({ cols, rows, scrollback, allowProposedApi: true, logLevel: 'off' });
  terminal.loadAddon(new Unicode11Addon() as never);
  terminal.unicode.activeVersion = '11';
  mendEraseAbove(terminal);
  return terminal;
}

/**
 * Erasing everything above a cursor in the last cell throws in xterm 6.0 where no line follows, and nothing is parsed any more. There it is
 * the same as erasing everything.
 */
function mendEraseAbove(terminal: HeadlessTerminal): void {
  const core = (terminal as unknown as { readonly _core: Core })._core;
  core._inputHandler._parser.registerCsiHandler({ final: 'J' }, ({ params }) => {
    const { active } = core._bufferService.buffers;
    if (params[0] === 1 && active.x + 1 >= terminal.cols && active.lines.get(active.y + 1) === undefined) params[0] = 2;
    return false;
  });
}

/** Parses output at once. @throws whatever xterm throws at it; the terminal is of no use then. */
export function parse(terminal: HeadlessTerminal, bytes: Uint8Array): void {
  (terminal as unknown as { readonly _core: Core })._core._inputHandler.parse(bytes);
}

/** @returns the part of xterm's state that its public interface does not tell. */
export function innerOf(terminal: HeadlessTerminal): Inner {
  const core = (terminal as unknown as { readonly _core: Core })._core;
  const { _inputHandler: input, _charsetService: charsets, coreService } = core;
  return {
    buffers: core._bufferService.buffers,
    pen: input._curAttrData,
    joins: input._parser.precedingJoinState !== 0,
    parserState: input._parser.currentState,
    partialCharacter: input._utf8Decoder.interim[0] !== 0,
    charsets: { level: charsets.glevel, designated: charsets._charsets, active: charsets.charset },
    cursor: {
      hidden: coreService.isCursorHidden,
      style: coreService.decPrivateModes.cursorStyle,
      blink: coreService.decPrivateModes.cursorBlink,
    },
    mouseEncoding: core.coreMouseService.activeEncoding,
    link: (id) => input._oscLinkService.getLinkData(id),
  };
}

/** Whether attributes have more than their two numbers say. */
export function isExtended(attributes: Attributes): boolean {
  return (innerAttributes(attributes).bg & HAS_EXTENDED) !== 0;
}

/** @returns the number of the underline's style, as of SGR 4; 0 for none. A link's own underline does not count. */
export function underlineOf(attributes: Attributes): number {
  const { fg, extended } = innerAttributes(attributes);
  if ((fg & HAS_UNDERLINE) === 0) return 0;
  const style = isExtended(attributes) ? (extended._ext >> STYLE_SHIFT) & 7 : 1;
  return style === 0 ? 1 : style;
}

/** @returns the number of the hyperlink that something is a part of; 0 for none. */
export function linkOf(attributes: Attributes): number {
  return isExtended(attributes) ? innerAttributes(attributes).extended.urlId : 0;
}

function innerAttributes(attributes: Attributes): InnerAttributes {
  return attributes as unknown as InnerAttributes;
}
