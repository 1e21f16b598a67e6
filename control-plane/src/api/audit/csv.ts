/** What a spreadsheet takes for the beginning of a formula, full-width forms included, behind any white space. */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20]/u;

/**
 * One cell of a CSV file (RFC 4180), always quoted. Text that a spreadsheet would run as a formula gets an apostrophe in front (CWE-1236);
 * control and invisible formatting characters become spaces.
 */
export function csvCell(value: string | number | null): string {
  if (value === null) return '';
  const text = String(value);
  const safe = typeof value === 'string' && FORMULA.test(text) ? `'${text}` : text;
  return `"${safe.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').replaceAll('"', '""')}"`;
}

/** @returns a line with its end. */
export function csvLine(values: readonly (string | number | null)[]): string {
  return `${values.map(csvCell).join(',')}\r\n`;
}
