import type { Logger } from 'pino';
import type { Assignments } from './assignments.ts';
import type { Engine, EngineContainer } from './engine.ts';
import { endingOf } from './life-cycle.ts';
import type { LifeCycle } from './life-cycle.ts';
import type { SandboxYard } from './sandbox-yard.ts';
import type { WarmPool } from './warm-pool.ts';

const EVERY_MS = 15_000;
/** While the engine has not been seen nobody is served, so it is looked for more often. */
const UNSEEN_EVERY_MS = 1_000;

export interface ReaperOptions {
  engine: Engine;
  instance: string;
  image: string;
  yard: SandboxYard;
  pool: WarmPool;
  lifeCycle: LifeCycle;
  assignments: Assignments;
  log: Logger;
}

/**
 * Keeps what runs and what is known the same: at start it takes over what an earlier process left, then it hears of every container
 * that ends and every 15 s removes what is nobody's. Whatever goes wrong is tried again; nothing here may end the process.
 */
export class Reaper {
  readonly #options: ReaperOptions;
  #timer: NodeJS.Timeout | null = null;
  #sweeping: Promise<void> | null = null;
  #endWatch: (() => void) | null = null;
  #recovered = false;
  #closed = false;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  /** The next sweep and the beginning of all later ones. Resolves also when the engine is away: it is taken over once it is back. */
  async start(): Promise<void> {
    await this.sweep();
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.start(), this.#recovered ? EVERY_MS : UNSEEN_EVERY_MS);
  }

  /** One round; a call during a round waits for that one. Never rejects. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = null;
    });
    return this.#sweeping;
  }

  /** Whether what an earlier process left is taken over; before that no session may start. */
  get recovered(): boolean {
    return this.#recovered;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#endWatch?.();
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { engine, instance, pool, lifeCycle, yard, assignments, log } = this.#options;
    try {
      await this.#watch();
      if (!this.#recovered) await this.#recover();
      const containers = await engine.list(instance);
      const running = new Set(containers.filter((container) => container.running).map(({ sandboxId }) => sandboxId));
      for (const { sandboxId, running: runs } of containers) if (!runs) pool.lost(sandboxId);
      for (const sandboxId of pool.missing(running)) pool.lost(sandboxId);
      await lifeCycle.reconcile(running);
      await this.#removeOrphans(containers);
      for (const { sandboxId } of await assignments.list()) {
        if (!yard.owns(sandboxId)) await assignments.remove(sandboxId);
      }
      const directories = await yard.sweepDirectories();
      if (directories > 0) log.warn({ directories }, 'removed orphaned session directories');
      void pool.fill();
    } catch (error) {
      log.warn({ err: error }, 'could not compare sandboxes with the engine; it is tried again');
    }
  }

  /** Sorts what an earlier process left: sessions go on, warm sandboxes go into the pool, and the rest goes. */
  async #recover(): Promise<void> {
    const { engine, instance, image, lifeCycle, assignments, pool, yard, log } = this.#options;
    const containers = new Map((await engine.list(instance)).map((container) => [container.sandboxId, container]));
    const imageId = await engine.imageId(image);
    let sessions = 0;
    for (const assignment of await assignments.list()) {
      if (yard.owns(assignment.sandboxId)) continue;
      const container = containers.get(assignment.sandboxId);
      if (container?.running === true && container.containerId === assignment.containerId) {
        await lifeCycle.adopt(assignment);
        sessions += 1;
      } else {
        const exit = await engine.exitOf(assignment.sandboxId, assignment.containerId);
        await lifeCycle.lost(assignment, exit === null ? { cause: 'lost', detail: null } : endingOf(exit));
      }
    }
    for (const container of containers.values()) {
      if (yard.owns(container.sandboxId) || !container.running || container.imageId !== imageId) continue;
      if (await yard.isFresh(container.sandboxId)) pool.adoptIfRoom(container);
    }
    this.#recovered = true;
    log.info({ sessions, warm: pool.ready }, 'took over what was running');
  }

  async #removeOrphans(containers: readonly EngineContainer[]): Promise<void> {
    const { engine, yard, log } = this.#options;
    for (const { sandboxId, containerId } of containers) {
      if (yard.owns(sandboxId)) continue;
      await engine.remove(containerId);
      log.warn({ sandboxId }, 'removed an orphaned sandbox');
    }
  }

  async #watch(): Promise<void> {
    if (this.#endWatch !== null || this.#closed) return;
    const { engine, instance, pool, lifeCycle, log } = this.#options;
    this.#endWatch = await engine.watch(
      instance,
      (sandboxId) => {
        if (pool.lost(sandboxId)) {
          void pool.fill();
          return;
        }
        lifeCycle.exited(sandboxId).catch((error: unknown) => {
          log.warn({ err: error, sandboxId }, 'could not clear up after a sandbox; it is tried again');
        });
      },
      () => {
        // The next sweep begins another stream, and finds what ended in between.
        this.#endWatch = null;
      },
    );
    if (this.#closed) this.#endWatch();
  }
}
