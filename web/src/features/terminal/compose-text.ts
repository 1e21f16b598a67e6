/** What the keyboards of iOS put in the place of plain characters ("smart punctuation"), which no page can switch off. */
const SMART: Readonly<Record<string, string>> = {
  '\u2018': "'",
  '\u2019': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u2013': '--',
  '\u2014': '--',
  '\u2026': '...',
};

/** Whether the keyboard may be one of those; an iPad calls itself a Mac. */
export function hasSmartPunctuation({
  userAgent,
  maxTouchPoints,
}: Pick<Navigator, 'userAgent' | 'maxTouchPoints'>): boolean {
  return /iPhone|iPad|iPod/u.test(userAgent) || (userAgent.includes('Macintosh') && maxTouchPoints > 1);
}

/**
 * @param smart whether the keyboard replaces punctuation by itself.
 * @returns one line as a shell should get it.
 */
export function commandLine(text: string, smart: boolean): string {
  const line = text.replaceAll(/[\r\n]/gu, ' ');
  return smart
    ? line.replaceAll(/[\u2018\u2019\u201c\u201d\u2013\u2014\u2026]/gu, (mark) => SMART[mark] ?? mark)
    : line;
}
