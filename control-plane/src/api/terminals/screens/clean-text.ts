/** Characters of a title or a command that a list shows. */
const LONGEST = 100;

/** @returns text of the router's as it may stand in a list: printable, on one line, without direction overrides, at most 100 characters. */
export function cleanText(text: string): string {
  const printable = text.slice(0, 4_096).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '');
  return [...printable].slice(0, LONGEST).join('').trim();
}
