import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RecordingFile } from './recording-file.ts';

/** What names a recording's file. */
export interface FileName {
  readonly id: string;
  readonly startedAt: Date;
}

const FILE = /^(?<id>[0-9a-f-]{36})\.cast$/u;
const DAY = /^\d{4}-\d{2}-\d{2}$/u;

/** Where the files are: `<directory>/<day it began, UTC>/<recording id>.cast`, for this account alone. */
export class RecordingDirectory {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws Error of the file system; `EEXIST` when there is one of this name. */
  async create(name: FileName): Promise<RecordingFile> {
    await mkdir(this.#dayOf(name), { recursive: true, mode: 0o700 });
    return RecordingFile.create(this.#fileOf(name));
  }

  /** @returns null when there is none. */
  async open(name: FileName, mode: 'read' | 'write'): Promise<RecordingFile | null> {
    try {
      return await RecordingFile.open(this.#fileOf(name), mode);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** Deletes one that is there, or is not. */
  async remove(name: FileName): Promise<void> {
    await rm(this.#fileOf(name), { force: true });
  }

  /** Every file that was not written to since a time. */
  async *olderThan(before: Date): AsyncGenerator<FileName> {
    const days = await readdir(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    for (const day of days.filter((name) => DAY.test(name))) {
      for (const file of await readdir(join(this.#path, day))) {
        const id = FILE.exec(file)?.groups?.['id'];
        if (id === undefined) continue;
        const { mtime } = await stat(join(this.#path, day, file));
        if (mtime < before) yield { id, startedAt: new Date(`${day}T00:00:00Z`) };
      }
    }
  }

  #dayOf({ startedAt }: FileName): string {
    return join(this.#path, startedAt.toISOString().slice(0, 10));
  }

  #fileOf(name: FileName): string {
    return join(this.#dayOf(name), `${name.id}.cast`);
  }
}
