import type { SandboxSpec } from './spec.ts';

/** A container as the engine lists it. */
export interface EngineContainer {
  containerId: string;
  /** From its label. */
  sandboxId: string;
  imageId: string;
  running: boolean;
}

/** How a container ended. */
export interface ContainerExit {
  sandboxId: string;
  exitCode: number | null;
  outOfMemory: boolean;
}

/** What the gateway needs of a container engine, in its own words. Every method rejects when the engine cannot be reached. */
export interface Engine {
  version(): Promise<string>;
  ping(): Promise<void>;
  /** @returns the content address of a local image; null when there is none of that name. Never pulls. */
  imageId(name: string): Promise<string | null>;
  /** Creates and starts; leaves nothing behind when it rejects. @returns the container's id. */
  start(spec: SandboxSpec): Promise<string>;
  /** Stops (2 s), kills, removes, and looks whether it is gone. Idempotent. */
  remove(containerId: string): Promise<void>;
  /** Sandboxes of one instance, running or not. */
  list(instance: string): Promise<EngineContainer[]>;
  /** How a container ended; null while it runs; `exitCode` null when it is not there any more. */
  exitOf(sandboxId: string, containerId: string): Promise<ContainerExit | null>;
  /**
   * Tells of each sandbox of the instance whose container ended.
   * @param lost called once when the stream breaks; nothing is told after that.
   * @returns ends it.
   */
  watch(
    instance: string,
    ended: (sandboxId: string, containerId: string) => void,
    lost: () => void,
  ): Promise<() => void>;
}
