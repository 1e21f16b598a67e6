import type { Logger } from 'pino';
import type { Engine } from './engine.ts';
import type { Sandbox, SandboxYard } from './sandbox-yard.ts';
import type { StartQueue } from './start-queue.ts';
import { WarmDemand } from './warm-demand.ts';

/** A sandbox that was taken is replaced after this, in milliseconds: its session has the processors first. */
const REFILL_MS = 1_500;

/** Sandboxes started ahead: nobody's, each with its own empty directory. One that was taken never comes back. */
export class WarmPool {
  readonly #demand: WarmDemand;
  readonly #yard: SandboxYard;
  readonly #engine: Engine;
  readonly #queue: StartQueue;
  readonly #image: string;
  readonly #log: Logger;
  #ready: Sandbox[] = [];
  #filling: Promise<void> | null = null;
  #refill: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: {
    /** Kept ready without any demand; 0 turns the pool off. */
    least: number;
    /** Never more than this, whatever the demand. */
    most: number;
    yard: SandboxYard;
    engine: Engine;
    queue: StartQueue;
    image: string;
    log: Logger;
  }) {
    this.#demand = new WarmDemand(options.least, options.most);
    this.#yard = options.yard;
    this.#engine = options.engine;
    this.#queue = options.queue;
    this.#image = options.image;
    this.#log = options.log;
  }

  get ready(): number {
    return this.#ready.length;
  }

  /** @returns a sandbox that runs exactly this image, now the caller's to end; null when there is none. */
  take(imageId: string): Sandbox | null {
    const at = this.#ready.findIndex((sandbox) => sandbox.imageId === imageId);
    const [taken] = at === -1 ? [] : this.#ready.splice(at, 1);
    this.#demand.took(Date.now());
    this.#refill ??= setTimeout(() => {
      this.#refill = undefined;
      void this.fill();
    }, REFILL_MS);
    return taken ?? null;
  }

  /** Takes a running sandbox over that an earlier process started and never assigned; without room it stays nobody's. */
  adoptIfRoom(container: { sandboxId: string; containerId: string; imageId: string }): void {
    if (this.#ready.length < this.#demand.target(Date.now())) this.#ready.push(this.#yard.adopt(container));
  }

  /** @returns the warm sandboxes that are not among those that run. */
  missing(running: ReadonlySet<string>): string[] {
    return this.#ready.map(({ sandboxId }) => sandboxId).filter((sandboxId) => !running.has(sandboxId));
  }

  /** Ends a warm sandbox whose container is no longer running. @returns whether it was one of the pool's. */
  lost(sandboxId: string): boolean {
    const sandbox = this.#ready.find((other) => other.sandboxId === sandboxId);
    if (sandbox === undefined) return false;
    this.#ready = this.#ready.filter((other) => other !== sandbox);
    this.#discard(sandbox);
    return true;
  }

  /**
   * Ends what is more than demand asks for and starts what is missing, one at a time and behind every session that waits for a start; a
   * failure ends it until the next call.
   */
  fill(): Promise<void> {
    this.#filling ??= this.#fill().finally(() => {
      this.#filling = null;
    });
    return this.#filling;
  }

  async #fill(): Promise<void> {
    try {
      while (!this.#closed) {
        const imageId = await this.#engine.imageId(this.#image);
        if (imageId === null) return;
        for (const old of this.#ready.filter((sandbox) => sandbox.imageId !== imageId)) this.lost(old.sandboxId);
        const target = this.#demand.target(Date.now());
        for (const spare of this.#ready.slice(target)) this.lost(spare.sandboxId);
        if (this.#ready.length >= target) return;
        await this.#queue.throughDoor('pool', async () => {
          if (this.#closed) return;
          this.#ready.push(await this.#yard.create(imageId));
        });
      }
    } catch (error) {
      this.#log.warn({ err: error }, 'could not start a warm sandbox');
    }
  }

  #discard(sandbox: Sandbox): void {
    this.#yard.destroy(sandbox).catch((error: unknown) => {
      this.#log.warn({ err: error, sandboxId: sandbox.sandboxId }, 'could not remove a warm sandbox');
    });
  }

  /** Starts no more. What is ready keeps running for the process that comes after. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#refill);
    await this.#filling;
  }
}
