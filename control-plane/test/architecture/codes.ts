import { PROBLEMS } from '../../contract/problems.ts';

/** The text of `docs/CODES.md`, made from the table of problems. */
export function renderCodes(): string {
  const rows = Object.entries(PROBLEMS).map(
    ([code, { status, title, remedy }]) => `| \`${code}\` | ${status} | ${title} | ${remedy} |`,
  );
  return [
    '# Problem codes',
    '',
    'Made from `control-plane/contract/problems.ts` by `npx tsx control-plane/test/architecture/write-codes.ts`; a test compares.',
    '',
    '| code | status | what happened | what to do |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
