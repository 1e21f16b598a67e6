import type { FileType } from '@netpilot/control-plane/contract/files.ts';
import { FileFailure } from '../file-failure.ts';
import type { FileAttributes, NamedAttributes } from '../file-road.ts';

/**
 * How a folder is listed by commands that OpenWrt has. BusyBox has no `stat`, no `find -printf`, and its `ls` prints `?` for what it does not
 * like in a name. So names come from the shell, each behind its NUL, and attributes from `ls`, whose order is known: it sorts bytes.
 *
 * ```
 * batch   = *(kind name NUL) NUL *(line LF) NUL
 * kind    = "-" no link / "f" "d" "s" a link that leads to a file, a folder, something else / "n" to nothing
 * line    = inode mode links uid gid size date time zone name [" -> " target]
 * ```
 */
export const BATCH = `for f do
k=-
if [ -L "$f" ];then if [ -d "$f" ];then k=d;elif [ -f "$f" ];then k=f;elif [ -e "$f" ];then k=s;else k=n;fi;fi
printf "%s%s\\\\0" "$k" "$f"
done
printf "\\\\0"
ls -ldni$O --full-time -- "$@"
printf "\\\\0"
`;

/** The beginning of a line of `ls -ldni --full-time` of GNU and BusyBox, up to the name; a device has two numbers for its size. */
const LINE =
  /^ *(\d{1,20}) ([-dlpsbc?])([-rwxsStT]{9})[.+@]? +\d+ +(\d{1,10}) +(\d{1,10}) +(?:\d+, *\d+|(\d{1,16})) (\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.\d+)? ([+-])(\d\d)(\d\d) /u;

const TYPES: Readonly<Record<string, FileType>> = {
  '-': 'file',
  d: 'folder',
  l: 'link',
  p: 'fifo',
  s: 'socket',
  b: 'block',
  c: 'character',
};
const LEADS: Readonly<Record<string, 'file' | 'folder' | 'special' | 'nothing'>> = {
  f: 'file',
  d: 'folder',
  s: 'special',
  n: 'nothing',
};
const NUL = 0x00;
const QUESTION = '?';

/** One parsed line: attributes and what stood behind them, as Latin-1 so that each byte is one character. */
export interface ListingLine {
  readonly attributes: Omit<FileAttributes, 'target'>;
  readonly rest: string;
}

/** @param line without its line end, as Latin-1. @returns null for what is no line of `ls`. */
export function parseLine(line: string): ListingLine | null {
  const parts = LINE.exec(line);
  if (!parts) return null;
  const [whole, inode = '0', type = '', bits = '', uid, gid, size = '0', year, month, day, hour, minute, second] =
    parts;
  const [sign, zoneHours, zoneMinutes] = parts.slice(13);
  const offset = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === '-' ? -60 : 60);
  const utc = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return {
    attributes: {
      type: TYPES[type] ?? 'unknown',
      size: Math.min(Number(size), Number.MAX_SAFE_INTEGER),
      mode: modeOf(bits),
      uid: Number(uid),
      gid: Number(gid),
      modified: utc / 1_000 - offset,
      inode,
    },
    rest: line.slice(whole.length),
  };
}

/** @param bits nine characters of `ls`. @returns permission bits with set-uid, set-gid and sticky. */
function modeOf(bits: string): number {
  let mode = 0;
  for (const [index, bit] of [...bits].entries()) {
    if (bit !== '-' && bit !== 'S' && bit !== 'T') mode |= 0o400 >> index;
    if (index % 3 === 2 && /[sStT]/u.test(bit)) mode |= [0o4000, 0o2000, 0o1000][(index - 2) / 3] ?? 0;
  }
  return mode;
}

/** True when `shown` is what `ls` makes of a name: the name, with `?` for any of its bytes that is not printable ASCII. */
function isLikeness(shown: string, name: string): boolean {
  if (shown.length !== name.length) return false;
  for (let index = 0; index < name.length; index++) {
    if (shown[index] === name[index]) continue;
    if (shown[index] !== QUESTION || /[ -~]/u.test(name[index] ?? '')) return false;
  }
  return true;
}

/**
 * Joins names with lines. Both are in the order of the names' bytes; a name without a line was gone before `ls` came to it.
 * @param named each with its kind in front.
 */
function join(named: readonly Buffer[], text: string): ParsedBatch {
  const names = named
    .map((each) => ({ kind: String.fromCharCode(each[0] ?? 0), name: each.subarray(1) }))
    .sort((a, b) => Buffer.compare(a.name, b.name));
  const lines = text.split('\n').map(parseLine);
  const entries: NamedAttributes[] = [];
  const blurred: NamedAttributes[] = [];
  let at = 0;
  for (const line of lines) {
    if (!line) continue;
    for (; at < names.length; at++) {
      const { kind, name } = names[at] as (typeof names)[number];
      if (!isLikeness(line.rest.slice(0, name.length), name.toString('latin1'))) continue;
      const tail = line.rest.slice(name.length);
      const isLink = line.attributes.type === 'link';
      if (isLink ? !tail.startsWith(' -> ') : tail !== '') continue;
      const target = isLink ? { name: Buffer.from(tail.slice(4), 'latin1'), leadsTo: LEADS[kind] ?? 'nothing' } : null;
      const entry = { ...line.attributes, target, name };
      entries.push(entry);
      if (isLink && tail.includes(QUESTION)) blurred.push(entry);
      at++;
      break;
    }
  }
  return { entries, blurred, skipped: names.length - entries.length };
}

export interface ParsedBatch {
  readonly entries: NamedAttributes[];
  /** Links of `entries` whose target may hold bytes that `ls` does not print. */
  readonly blurred: NamedAttributes[];
  readonly skipped: number;
}

/** More than a batch can be: the arguments of one command are at most 128 KiB on BusyBox and 2 MiB on GNU, their lines thrice that. */
const MAX_BATCH = 8 * 1_048_576;

/** Cuts the output of {@link BATCH}, any number of times in a row, into batches; holds one unfinished batch. */
export class ListingParser {
  #rest: Buffer = Buffer.alloc(0);
  #names: Buffer[] = [];
  #inLines = false;
  /** Where the search for the next NUL goes on. */
  #from = 0;
  #held = 0;

  /** True between two batches. */
  get idle(): boolean {
    return this.#names.length === 0 && !this.#inLines && this.#rest.length === 0;
  }

  /**
   * @param once ends at the first batch; what is behind it is in {@link takeRest}.
   * @throws FileFailure `too_large` for a batch that does not end
   */
  push(chunk: Buffer, once = false): ParsedBatch[] {
    const batches: ParsedBatch[] = [];
    let rest: Buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const end = rest.indexOf(NUL, this.#from);
      if (end === -1) break;
      this.#from = 0;
      const part = rest.subarray(0, end);
      rest = rest.subarray(end + 1);
      this.#held += part.length;
      if (part.length > 0 && !this.#inLines) this.#names.push(Buffer.from(part));
      else if (!this.#inLines) this.#inLines = true;
      else {
        batches.push(join(this.#names, part.toString('latin1')));
        this.#names = [];
        this.#inLines = false;
        this.#held = 0;
        if (once) break;
      }
    }
    this.#from = once && batches.length > 0 ? 0 : rest.length;
    this.#rest = rest;
    if (this.#held + rest.length > MAX_BATCH && !(once && batches.length > 0)) {
      throw new FileFailure('too_large', 'The listing does not end.');
    }
    return batches;
  }

  /** @returns what was pushed behind the last batch, and forgets it. */
  takeRest(): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    this.#from = 0;
    return rest;
  }
}
