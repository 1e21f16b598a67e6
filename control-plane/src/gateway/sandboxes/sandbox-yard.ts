import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from './engine.ts';

/** A running container and its directory. */
export interface Sandbox {
  sandboxId: string;
  containerId: string;
  imageId: string;
  /** Absolute path; bind-mounted into the container. */
  directory: string;
}

/**
 * Makes and unmakes sandboxes: the container and the session directory, always both. Knows every one that it made or was handed, so
 * that whatever it does not know is an orphan.
 */
export class SandboxYard {
  readonly #engine: Engine;
  readonly #directory: string;
  readonly #instance: string;
  readonly #owned = new Set<string>();

  constructor(options: { engine: Engine; directory: string; instance: string }) {
    this.#engine = options.engine;
    this.#directory = options.directory;
    this.#instance = options.instance;
  }

  async prepare(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o755 });
  }

  /** Starts a container with an empty directory of its own; leaves nothing behind when it rejects. */
  async create(imageId: string): Promise<Sandbox> {
    const sandboxId = randomUUID();
    const directory = this.directoryOf(sandboxId);
    // Owned before it exists: the reaper must never see it as nobody's.
    this.#owned.add(sandboxId);
    try {
      await mkdir(directory);
      await chmod(directory, 0o775);
      const containerId = await this.#engine.start({ sandboxId, instance: this.#instance, imageId, directory });
      return { sandboxId, containerId, imageId, directory };
    } catch (error) {
      await rm(directory, { recursive: true, force: true }).catch(() => {});
      this.#owned.delete(sandboxId);
      throw error;
    }
  }

  /** Removes container and directory; rejects when the container may still be there. Idempotent. */
  async destroy(sandbox: Pick<Sandbox, 'sandboxId' | 'containerId'>): Promise<void> {
    await this.#engine.remove(sandbox.containerId);
    await rm(this.directoryOf(sandbox.sandboxId), { recursive: true, force: true });
    this.#owned.delete(sandbox.sandboxId);
  }

  /** Takes a sandbox over that an earlier process made. */
  adopt(container: { sandboxId: string; containerId: string; imageId: string }): Sandbox {
    this.#owned.add(container.sandboxId);
    const { sandboxId, containerId, imageId } = container;
    return { sandboxId, containerId, imageId, directory: this.directoryOf(sandboxId) };
  }

  /** Whether a sandbox's directory is there and was never used. */
  async isFresh(sandboxId: string): Promise<boolean> {
    const names = await readdir(this.directoryOf(sandboxId)).catch(() => null);
    return names !== null && names.length === 0;
  }

  owns(sandboxId: string): boolean {
    return this.#owned.has(sandboxId);
  }

  directoryOf(sandboxId: string): string {
    return join(this.#directory, sandboxId);
  }

  /** Removes directories that belong to no sandbox of ours. @returns how many. */
  async sweepDirectories(): Promise<number> {
    const orphans = (await readdir(this.#directory)).filter((name) => !this.#owned.has(name));
    for (const name of orphans) await rm(join(this.#directory, name), { recursive: true, force: true });
    return orphans.length;
  }
}
