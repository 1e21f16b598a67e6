import type { AgentProblem } from '@netpilot/control-plane/contract/agent.ts';
import type { FileError, FileProblem } from '@netpilot/control-plane/contract/files.ts';
import { ProblemError } from '../link/problem.ts';

/** Why a router could not do something with a file. */
export class FileFailure extends ProblemError {
  override name = 'FileFailure';
  readonly file: FileError;

  /** @param words the router's own; made printable here. */
  constructor(file: FileError, words = '') {
    super('file_failed', printableWords(words));
    this.file = file;
  }

  override toJSON(): AgentProblem {
    return { ...super.toJSON(), file: this.file };
  }

  toProblem(): FileProblem {
    return { file: this.file, detail: this.message };
  }
}

/** @returns what went wrong in the middle of a stream, whatever was thrown; an unexpected error keeps its text to itself. */
export function asFileProblem(error: unknown): FileProblem {
  if (error instanceof FileFailure) return error.toProblem();
  return { file: 'failed', detail: error instanceof ProblemError ? printableWords(error.message) : '' };
}

/** A router's words on one line, without anything that does not print. */
function printableWords(words: string): string {
  return words
    .slice(0, 2_000)
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, 500)
    .replace(/\p{Cs}/gu, '');
}

/** How libc words what can go wrong; glibc and musl where they differ. What ash and dash say themselves stands with it. */
const WORDS: readonly (readonly [RegExp, FileError])[] = [
  [/no such file( or directory)?$/iu, 'vanished'],
  [/(directory nonexistent|nonexistent directory)$/iu, 'vanished'],
  [/(permission denied|operation not permitted)$/iu, 'permission'],
  [/read-only file system$/iu, 'read_only'],
  [/(no space left on device|(disk )?quota exceeded|file too large)$/iu, 'no_space'],
  [/not a directory$/iu, 'not_directory'],
  [/is a directory$/iu, 'is_directory'],
  [/directory not empty$/iu, 'not_empty'],
  [/file exists$/iu, 'exists'],
  [/(too many levels of symbolic links|symbolic link loop)$/iu, 'loop'],
  [/(file name|filename) too long$/iu, 'name_too_long'],
  [/((device or )?resource busy|text file busy)$/iu, 'busy'],
  [
    /(not found|operation not supported|function not implemented|invalid option .*|unrecognized option.*)$/iu,
    'not_supported',
  ],
];

/**
 * Reads what a program wrote to its standard error. Only how a line ends counts: what stands before may be a name that somebody chose.
 * @returns the first line that says something known, else `failed` with the last one.
 */
export function failureOf(stderr: string, otherwise: FileError = 'failed'): FileFailure {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^\d+\+\d+ records (in|out)$|^\d+ bytes .*copied/u.test(line));
  for (const line of lines) {
    const known = WORDS.find(([pattern]) => pattern.test(line));
    if (known) return new FileFailure(known[1], line);
  }
  return new FileFailure(otherwise, lines.at(-1) ?? '');
}
