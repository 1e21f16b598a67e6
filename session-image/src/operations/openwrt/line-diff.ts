/** Lines around a difference that are shown with it. */
const CONTEXT = 3;
/** Cells of the table of longest common parts; beyond it the middle is shown as replaced whole. */
const MAX_CELLS = 4_000_000;

type Row = readonly [mark: ' ' | '-' | '+', line: string];

export interface LineDiff {
  readonly added: number;
  readonly removed: number;
  /** Hunks as in a unified diff, without file headers; null when both are the same. */
  readonly text: string | null;
}

/** Compares two texts line by line. */
export function lineDiff(before: string, after: string): LineDiff {
  const rows = rowsOf(before.split('\n'), after.split('\n'));
  const count = (mark: string) => rows.filter((row) => row[0] === mark).length;
  const [added, removed] = [count('+'), count('-')];
  return { added, removed, text: added + removed === 0 ? null : hunksOf(rows) };
}

function rowsOf(before: readonly string[], after: readonly string[]): Row[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail))
    tail++;
  const same = (lines: readonly string[]): Row[] => lines.map((line) => [' ', line]);
  const middle = middleOf(before.slice(head, before.length - tail), after.slice(head, after.length - tail));
  return [...same(before.slice(0, head)), ...middle, ...same(before.slice(before.length - tail))];
}

/** Walks the table of longest common subsequences from its beginning. */
function middleOf(before: readonly string[], after: readonly string[]): Row[] {
  const width = after.length + 1;
  if (before.length * width > MAX_CELLS)
    return [...before.map((line): Row => ['-', line]), ...after.map((line): Row => ['+', line])];
  const longest = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      longest[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const rows: Row[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [left, right] = [before[i], after[j]];
    if (left === undefined && right === undefined) return rows;
    if (left !== undefined && left === right) {
      rows.push([' ', left]);
      i++;
      j++;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      rows.push(['-', left]);
      i++;
    } else if (right !== undefined) {
      rows.push(['+', right]);
      j++;
    }
  }
}

function hunksOf(rows: readonly Row[]): string {
  const near = rows.map((_row, index) =>
    rows.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((row) => row[0] !== ' '),
  );
  const lines: string[] = [];
  let [left, right] = [1, 1];
  rows.forEach(([mark, line], index) => {
    if (near[index]) {
      if (!near[index - 1]) {
        const end = near.indexOf(false, index);
        const hunk = rows.slice(index, end === -1 ? rows.length : end);
        const length = (other: string) => hunk.filter((row) => row[0] !== other).length;
        lines.push(`@@ -${left},${length('+')} +${right},${length('-')} @@`);
      }
      lines.push(mark + line);
    }
    if (mark !== '+') left++;
    if (mark !== '-') right++;
  });
  return lines.join('\n');
}
