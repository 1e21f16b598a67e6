import { randomBytes } from 'node:crypto';

/** Bytes of a command that Dropbear takes (its MAX_CMD_LEN is 9000). */
const MAX_COMMAND = 8_800;

export interface Sections {
  /** The text of a section; empty when the router never came to it. */
  get(name: string): string;
  lines(name: string): string[];
  /** In the order in which they came. */
  readonly names: readonly string[];
  /** False when the answer was cut before its end. */
  readonly whole: boolean;
}

/** A composed script: fixed text in named parts, whose output comes back in one answer. */
export class SectionScript {
  readonly command: string;
  readonly #token = randomBytes(8).toString('hex');

  /**
   * @param parts name (letters and digits) to fixed shell text; a part that fails does not stop the next. A part may begin sections of its own with
   * `s NAME`.
   */
  constructor(parts: Readonly<Record<string, string>>) {
    const body = Object.entries(parts).map(([name, text]) => `s ${name}\n${text}`);
    this.command = ["s() { printf '\\n@%s %s\\n' " + this.#token + ' "$1"; }', ...body, 's end'].join('\n');
    if (Buffer.byteLength(this.command) > MAX_COMMAND) throw new RangeError('a script longer than Dropbear takes');
  }

  /** Cuts an answer at the marks, which nobody who did not see this script can forge. */
  parse(output: string): Sections {
    const texts = new Map<string, string>();
    const pieces = output.split(`\n@${this.#token} `);
    for (const piece of pieces.slice(1)) {
      const end = piece.indexOf('\n');
      const name = end === -1 ? piece : piece.slice(0, end);
      texts.set(name, end === -1 ? '' : piece.slice(end + 1));
    }
    const get = (name: string) => texts.get(name) ?? '';
    const lines = (name: string) =>
      get(name)
        .split('\n')
        .filter((line) => line !== '');
    return { get, lines, names: [...texts.keys()], whole: texts.has('end') };
  }
}

/** One word of a POSIX shell whatever it holds, NUL excepted. */
export function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}
