import { createHash } from 'node:crypto';

/** A section of a file of `/etc/config`, in the order of the file. */
export interface UciSection {
  readonly type: string;
  /** Null for an anonymous one. */
  readonly name: string | null;
  readonly options: ReadonlyMap<string, string>;
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

/** A statement and where it stands: from its first character to after its line feed. */
interface Statement {
  readonly words: readonly string[];
  readonly start: number;
  readonly end: number;
}

/** Cuts a file into statements as libuci does: quotes of both kinds may hold line feeds, a backslash takes the next character as it is. */
function statementsOf(text: string): Statement[] {
  const statements: Statement[] = [];
  let at = 0;
  while (at < text.length) {
    const start = at;
    const words: string[] = [];
    let word: string | null = null;
    for (; at < text.length && text[at] !== '\n'; at++) {
      const char = text[at] ?? '';
      if (char === '#' && word === null) {
        while (at + 1 < text.length && text[at + 1] !== '\n') at++;
      } else if (char === "'" || char === '"') {
        word ??= '';
        for (at++; at < text.length && text[at] !== char; at++) {
          if (char === '"' && text[at] === '\\') at++;
          word += text[at] ?? '';
        }
      } else if (char === '\\') {
        at++;
        if (text[at] !== '\n') word = (word ?? '') + (text[at] ?? '');
      } else if (/[ \t\r]/u.test(char)) {
        if (word !== null) words.push(word);
        word = null;
      } else word = (word ?? '') + char;
    }
    if (word !== null) words.push(word);
    at++;
    if (words.length > 0) statements.push({ words, start, end: Math.min(at, text.length) });
  }
  return statements;
}

/** Reads a file of `/etc/config`; statements that make no sense are left out. */
export function parseUci(text: string): UciSection[] {
  const sections: { type: string; name: string | null; options: Map<string, string>; lists: Map<string, string[]> }[] =
    [];
  for (const { words } of statementsOf(text)) {
    const [keyword, key, value] = words;
    if (key === undefined) continue;
    if (keyword === 'config') sections.push({ type: key, name: value ?? null, options: new Map(), lists: new Map() });
    const section = sections.at(-1);
    if (section === undefined || value === undefined) continue;
    if (keyword === 'option') section.options.set(key, value);
    if (keyword === 'list') section.lists.set(key, [...(section.lists.get(key) ?? []), value]);
  }
  return sections;
}

/** A value as it stands in a file; `'it'\''s'` for a quote. */
export function uciQuoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

/** A section as text, ready to stand in a file. */
export function uciSection(
  type: string,
  name: string,
  options: Readonly<Record<string, string | readonly string[] | null>>,
): string {
  const lines = Object.entries(options).flatMap(([key, value]) => {
    if (value === null) return [];
    if (typeof value === 'string') return [`\toption ${key} ${uciQuoted(value)}`];
    return value.map((entry) => `\tlist ${key} ${uciQuoted(entry)}`);
  });
  return [`config ${type} ${uciQuoted(name)}`, ...lines, ''].join('\n');
}

/**
 * Sets one option of one section and leaves every other byte of the file as it is.
 * @param index of the section as {@link parseUci} counts.
 * @param value null takes the option away.
 */
export function withOption(text: string, index: number, key: string, value: string | null): string {
  const { header, body } = spanOf(text, index);
  const old = body.filter(({ words }) => words[0] === 'option' && words[1] === key);
  const line = value === null ? '' : `\toption ${key} ${uciQuoted(value)}\n`;
  const last = old.at(-1);
  if (last === undefined) {
    const after = (body.at(-1) ?? header).end;
    const gap = text[after - 1] === '\n' || line === '' ? '' : '\n';
    return text.slice(0, after) + gap + line + text.slice(after);
  }
  let changed = text.slice(0, last.start) + line + text.slice(last.end);
  for (const { start, end } of old.slice(0, -1).toReversed()) changed = changed.slice(0, start) + changed.slice(end);
  return changed;
}

/** Takes one section away; comments between the others stay. @param index as in {@link withOption}. */
export function withoutSection(text: string, index: number): string {
  const { header, body } = spanOf(text, index);
  let changed = text;
  for (const { start, end } of [header, ...body].toReversed()) changed = changed.slice(0, start) + changed.slice(end);
  return changed;
}

/** Adds a section at the end. @param section as {@link uciSection} makes it. */
export function withSection(text: string, section: string): string {
  const base = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return `${base}${base === '' || base.endsWith('\n\n') ? '' : '\n'}${section}`;
}

function spanOf(text: string, index: number): { header: Statement; body: Statement[] } {
  const statements = statementsOf(text);
  const headers = statements.filter(({ words }) => words[0] === 'config' && words[1] !== undefined);
  const header = headers[index];
  if (header === undefined) throw new RangeError('no such section');
  const next = headers[index + 1];
  const body = statements.filter(({ start }) => start > header.start && (next === undefined || start < next.start));
  return { header, body };
}

const SECRET = /key|pass|psk|secret|token|pin$|private|credential/iu;

/**
 * The text with the values of secrets replaced by a mark that is the same for the same value and salt: a change of a secret shows, the secret does not.
 */
export function maskedUci(text: string, salt: string): string {
  let masked = '';
  let at = 0;
  for (const { words, start, end } of statementsOf(text)) {
    const [keyword, key = '', value] = words;
    if ((keyword !== 'option' && keyword !== 'list') || value === undefined || !SECRET.test(key)) continue;
    const mark = createHash('sha256').update(`${salt}${value}`).digest('hex').slice(0, 6);
    masked += `${text.slice(at, start)}\t${keyword} ${key} '(hidden ${mark})'\n`;
    at = end;
  }
  return masked + text.slice(at);
}
