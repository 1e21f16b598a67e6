import type { Logger } from 'pino';
import { GatewayFault } from '../problems.ts';
import type { ContainerExit, Engine, EngineContainer } from './engine.ts';
import { type EngineVersions, escapesOf } from './engine-version.ts';
import type { SandboxSpec } from './spec.ts';

/** An engine that can tell which runtime it starts containers with. */
export interface VersionedEngine extends Engine {
  versions(): Promise<EngineVersions>;
}

/**
 * Looks at the version of the runtime whenever the engine is met anew, and says what a sandbox could escape through. When it is asked
 * to, it starts no sandbox on such an engine; those that run go on.
 */
export class GatedEngine implements Engine {
  readonly #engine: VersionedEngine;
  readonly #refuse: boolean;
  readonly #log: Logger;
  #told = '';

  /** @param options.refuse start nothing on an engine with a known escape. */
  constructor(engine: VersionedEngine, options: { refuse: boolean; log: Logger }) {
    this.#engine = engine;
    this.#refuse = options.refuse;
    this.#log = options.log;
  }

  /** Looks and tells; @returns what the runtime is open to. */
  async #look(): Promise<string[]> {
    const versions = await this.#engine.versions();
    const escapes = escapesOf(versions);
    const said = JSON.stringify(versions);
    if (said !== this.#told) {
      this.#told = said;
      if (escapes.length === 0) this.#log.info(versions, 'the container runtime has no known escape');
      else {
        const advice = 'upgrade runc to 1.2.8, 1.3.3 or later, unless your distribution has mended this version';
        this.#log.warn(
          { ...versions, escapes, refused: this.#refuse },
          `the container runtime is older than known escapes: ${advice}`,
        );
      }
    }
    return escapes;
  }

  async start(spec: SandboxSpec): Promise<string> {
    if (this.#refuse && (await this.#look()).length > 0) {
      throw new GatewayFault(
        'engine_unavailable',
        'the container runtime has known escapes, and starting on such a one is forbidden here',
      );
    }
    return this.#engine.start(spec);
  }

  /** The reaper asks for it at every first contact, so this is where versions are looked at. */
  async watch(
    instance: string,
    ended: (sandboxId: string, containerId: string) => void,
    lost: () => void,
  ): Promise<() => void> {
    await this.#look();
    return this.#engine.watch(instance, ended, lost);
  }

  version(): Promise<string> {
    return this.#engine.version();
  }

  ping(): Promise<void> {
    return this.#engine.ping();
  }

  imageId(name: string): Promise<string | null> {
    return this.#engine.imageId(name);
  }

  remove(containerId: string): Promise<void> {
    return this.#engine.remove(containerId);
  }

  list(instance: string): Promise<EngineContainer[]> {
    return this.#engine.list(instance);
  }

  exitOf(sandboxId: string, containerId: string): Promise<ContainerExit | null> {
    return this.#engine.exitOf(sandboxId, containerId);
  }
}
