/** What a spreadsheet takes for a formula when a cell begins with it (CWE-1236). */
const FORMULA = /^[=+\-@\t\r]/u;

/** @returns one line of a CSV file (RFC 4180) with its CRLF; text that a spreadsheet would run is led by an apostrophe. */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

function cellOf(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = FORMULA.test(value.trimStart()) || FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n']/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
