import type { Measure } from './measure.ts';
import type { Summary } from './statistics.ts';

const HEADINGS = ['measure', 'unit', '', 'median', 'p95', 'p99', 'n', 'goal', 'met'] as const;

/** The table as text: two lines a measure when there is a reference. */
export function tableOf(measures: readonly Measure[]): string {
  const rows: string[][] = [[...HEADINGS]];
  for (const { name, unit, ours, reference, goal, met } of measures) {
    const verdict = met === null ? '' : met ? 'yes' : 'NO';
    rows.push([name, unit, 'ours', ...figures(ours), goal ?? '', verdict]);
    if (reference !== null) rows.push(['', '', 'reference', ...figures(reference), '', '']);
  }
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (isFigure(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return `${lines.join('\n')}\n`;
}

function figures({ median, p95, p99, n }: Summary): string[] {
  // One sample has no distribution.
  if (n === 1) return [format(median), '', '', '1'];
  return [format(median), format(p95), format(p99), String(n)];
}

function isFigure(column: number): boolean {
  return column >= 3 && column <= 6;
}

function format(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}
