import type { IDisposable, Terminal } from '@xterm/xterm';

/** Characters of a title that a page shows. */
export const LONGEST_TITLE = 100;

/** @returns `address` when it is an http or https address, else null; anything else could run or open something on the person's machine. */
export function safeLink(address: string): string | null {
  try {
    const url = new URL(address);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
  } catch {
    return null;
  }
}

/** Opens a link that the router wrote, without a way back to this page. */
export function openLink(address: string): void {
  const safe = safeLink(address);
  if (safe) window.open(safe, '_blank', 'noopener,noreferrer');
}

/** @returns a title that may be shown: printable, on one line, without direction overrides, at most {@link LONGEST_TITLE} characters. */
export function cleanTitle(title: string): string {
  const printable = title.slice(0, 4_096).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '');
  return [...printable].slice(0, LONGEST_TITLE).join('').trim();
}

/** As much of the inside of xterm 6.0 as the guard below needs. */
interface Core {
  readonly _bufferService: {
    readonly buffer: { readonly x: number; readonly y: number; readonly lines: { get(row: number): unknown } };
  };
  readonly _inputHandler: {
    registerCsiHandler(id: { final: string }, handler: (parameters: { params: Int32Array }) => boolean): IDisposable;
  };
}

/**
 * Erasing everything above a cursor in the last cell (CSI 1 J) throws in xterm 6.0 where no line follows, and its terminal never parses
 * another byte. There it is the same as erasing everything.
 */
function guardEraseAbove(terminal: Terminal): IDisposable {
  const core = (terminal as unknown as { readonly _core: Core })._core;
  return core._inputHandler.registerCsiHandler({ final: 'J' }, ({ params }) => {
    const { x, y, lines } = core._bufferService.buffer;
    if (params[0] === 1 && x + 1 >= terminal.cols && lines.get(y + 1) === undefined) params[0] = 2;
    return false;
  });
}

/**
 * Takes from hostile output every way to type into the session, to reach the clipboard or to move the window. Left are the two answers
 * that programs cannot do without and whose text the router does not choose: device attributes (DA1) and status or cursor position
 * (DSR 5 and 6); and those only while `live()`, for history is parsed again on every visit.
 */
export function guardOutput(terminal: Terminal, live: () => boolean): IDisposable {
  const { parser } = terminal;
  const swallow = () => true;
  const isQuery = (data: string) => data.includes('?');
  const guards = [
    // DECRQSS and XTGETTCAP: answer with text.
    parser.registerDcsHandler({ intermediates: '$', final: 'q' }, swallow),
    parser.registerDcsHandler({ intermediates: '+', final: 'q' }, swallow),
    // Colours may be set, not asked for.
    ...[4, 10, 11, 12].map((id) => parser.registerOscHandler(id, isQuery)),
    // Clipboard (OSC 52) and iTerm's and notification channels.
    ...[9, 52, 777, 1337].map((id) => parser.registerOscHandler(id, swallow)),
    // Window manipulation, among it the title report (CSI 21 t).
    parser.registerCsiHandler({ final: 't' }, swallow),
    // Secondary and tertiary attributes, XTVERSION, DECRQM, private DSR, keyboard protocol report.
    parser.registerCsiHandler({ prefix: '>', final: 'c' }, swallow),
    parser.registerCsiHandler({ prefix: '=', final: 'c' }, swallow),
    parser.registerCsiHandler({ prefix: '>', final: 'q' }, swallow),
    parser.registerCsiHandler({ intermediates: '$', final: 'p' }, swallow),
    parser.registerCsiHandler({ prefix: '?', intermediates: '$', final: 'p' }, swallow),
    parser.registerCsiHandler({ prefix: '?', final: 'n' }, swallow),
    parser.registerCsiHandler({ prefix: '?', final: 'u' }, swallow),
    // A handler that answers true ends the sequence; false leaves it to xterm, which answers.
    parser.registerCsiHandler({ final: 'c' }, () => !live()),
    parser.registerCsiHandler({ final: 'n' }, ([status]) => !live() || (status !== 5 && status !== 6)),
    guardEraseAbove(terminal),
  ];
  return {
    dispose: () => {
      for (const guard of guards) guard.dispose();
    },
  };
}
