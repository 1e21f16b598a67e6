import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Top of the repository. */
export const REPOSITORY = join(import.meta.dirname, '../../..');

const WORKSPACES = ['control-plane', 'session-image', 'db', 'web', 'compose'];
const SKIPPED = new Set(['node_modules', 'dist', '.netpilot']);

export interface Source {
  /** Path from the top of the repository. */
  readonly path: string;
  /** What it imports, as written; type-only imports too. */
  readonly imports: readonly string[];
  readonly isTest: boolean;
}

/** Every TypeScript file of the repository with its imports. */
export function readSources(): Source[] {
  return WORKSPACES.flatMap((workspace) => filesBelow(join(REPOSITORY, workspace)))
    .filter((file) => /\.(ts|tsx|mjs)$/u.test(file))
    .map((file) => {
      const path = relative(REPOSITORY, file);
      return {
        path,
        imports: [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/gu)].map(
          (match) => match[1] ?? '',
        ),
        isTest:
          /\.(test|integration|browser)\.tsx?$/u.test(path) ||
          /(^|\/)(test|bench)\//u.test(path) ||
          /\/(fake|test)-[^/]+\.ts$/u.test(path),
      };
    });
}

/** Every folder that holds TypeScript of the product itself. */
export function sourceFolders(): string[] {
  return [
    ...new Set(
      readSources()
        .filter((source) => !source.isTest)
        .map((source) => source.path.replace(/\/[^/]+$/u, '')),
    ),
  ];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
