/** Control characters, line separators, and what turns the direction of text: a name with these could look like another. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** @returns `text` on one line without what cannot be seen, at most `length` characters; null when nothing is left. */
export function printable(text: string, length: number): string | null {
  const clean = [...text.replace(UNPRINTABLE, ' ').trim()].slice(0, length).join('').trim();
  return clean === '' ? null : clean;
}
