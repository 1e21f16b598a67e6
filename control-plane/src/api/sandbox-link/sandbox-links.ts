import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { SandboxLink } from './sandbox-link.ts';

export interface SandboxLinksOptions {
  readonly runDirectory: string;
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn'>;
}

/** Opens links and owns those that are open, so that a shutdown forgets none. */
export class SandboxLinks {
  readonly #options: SandboxLinksOptions;
  readonly #open = new Map<string, SandboxLink>();

  constructor(options: SandboxLinksOptions) {
    this.#options = options;
  }

  /**
   * Listens for the agent of a sandbox. Its directory must be there (the gateway makes it); rejects otherwise.
   * @param sandboxId a UUID, from the gateway.
   */
  async open(sandboxId: string): Promise<SandboxLink> {
    await this.release(sandboxId);
    const directory = join(this.#options.runDirectory, 'sessions', sandboxId);
    const link = new SandboxLink({ directory, sandboxId, log: this.#options.log });
    this.#open.set(sandboxId, link);
    try {
      await link.listen();
    } catch (error) {
      this.#open.delete(sandboxId);
      await link.close();
      throw error;
    }
    return link;
  }

  /** Closes a link; nothing happens for one that is not open. */
  async release(sandboxId: string): Promise<void> {
    const link = this.#open.get(sandboxId);
    this.#open.delete(sandboxId);
    await link?.close();
  }

  /** Closes all links; the sandboxes live on. */
  async close(): Promise<void> {
    const links = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(links.map((link) => link.close()));
  }
}
