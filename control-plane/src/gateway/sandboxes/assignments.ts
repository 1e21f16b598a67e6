import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Id } from '../../../contract/identifiers.ts';
import { RouterRoute } from '../relay/router-route.ts';

/** Which session a sandbox serves. Labels of a container cannot change, so this lies beside it, out of the sandbox's sight. */
export const Assignment = z.strictObject({
  sandboxId: Id,
  containerId: z.string().regex(/^[0-9a-f]{64}$/u),
  imageId: z.string().max(100),
  sessionId: Id,
  organisationId: Id,
  userId: Id,
  priority: z.int().min(0).max(9),
  route: RouterRoute,
});
export type Assignment = z.infer<typeof Assignment>;

/** The assignments on disk, one file a sandbox: what a restarted gateway finds its sessions by. */
export class Assignments {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Makes the directory; nobody but the gateway reads it. */
  async prepare(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
  }

  /** All or nothing: a crash or a full disk leaves the old file, or none. */
  async write(assignment: Assignment): Promise<void> {
    const path = this.#pathOf(assignment.sandboxId);
    try {
      await writeFile(`${path}.new`, JSON.stringify(assignment), { mode: 0o600 });
      await rename(`${path}.new`, path);
    } catch (error) {
      await rm(`${path}.new`, { force: true }).catch(() => {});
      throw error;
    }
  }

  async remove(sandboxId: string): Promise<void> {
    await rm(this.#pathOf(sandboxId), { force: true });
  }

  /** @returns every assignment that can be read; what cannot be is removed. */
  async list(): Promise<Assignment[]> {
    const assignments: Assignment[] = [];
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name);
      const read = Assignment.safeParse(parse(await readFile(path, 'utf8').catch(() => '')));
      if (read.success && name === `${read.data.sandboxId}.json`) assignments.push(read.data);
      else await rm(path, { force: true, recursive: true });
    }
    return assignments;
  }

  #pathOf(sandboxId: string): string {
    return join(this.#directory, `${Id.parse(sandboxId)}.json`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
