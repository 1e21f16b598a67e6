import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { z } from 'zod';
import type { ContainerExit, EngineContainer } from './engine.ts';
import type { EngineVersions } from './engine-version.ts';
import type { VersionedEngine } from './gated-engine.ts';
import { sandboxOptions } from './spec.ts';
import type { SandboxSpec } from './spec.ts';

/** No single answer of the engine is waited for longer, in milliseconds. */
const PATIENCE_MS = 60_000;
/** How long a container may take to end by itself, in seconds. */
const STOP_SECONDS = 2;

const VersionAnswer = z.object({
  Version: z.string(),
  Components: z.array(z.object({ Name: z.string(), Version: z.string() })).nullish(),
});

const EventLine = z.object({
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }),
});

/** Docker behind our own words for an engine; the only place that knows dockerode. */
export class DockerEngine implements VersionedEngine {
  readonly #docker: Docker;
  /** The event stream is silent for hours: it must not run into the time-out of calls. */
  readonly #patient: Docker;

  constructor(socketPath: string) {
    this.#docker = new Docker({ socketPath, timeout: PATIENCE_MS });
    this.#patient = new Docker({ socketPath });
  }

  async version(): Promise<string> {
    return (await this.#docker.version()).Version.slice(0, 100);
  }

  async versions(): Promise<EngineVersions> {
    const { Version, Components } = VersionAnswer.parse(await this.#docker.version());
    const runtime = Components?.find(({ Name }) => Name === 'runc')?.Version ?? null;
    return { engine: Version.slice(0, 100), runtime: runtime?.slice(0, 100) ?? null };
  }

  async ping(): Promise<void> {
    await this.#docker.ping();
  }

  async imageId(name: string): Promise<string | null> {
    try {
      return (await this.#docker.getImage(name).inspect()).Id;
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw error;
    }
  }

  async start(spec: SandboxSpec): Promise<string> {
    const container = await this.#docker.createContainer(sandboxOptions(spec));
    try {
      await container.start();
      return container.id;
    } catch (error) {
      await this.remove(container.id).catch(() => {});
      throw error;
    }
  }

  async remove(containerId: string): Promise<void> {
    const container = this.#docker.getContainer(containerId);
    try {
      await container.stop({ t: STOP_SECONDS });
    } catch (error) {
      // 304: it had ended; 404: it is gone. Anything else the forced removal has to cope with.
      if (statusOf(error) === 404) return;
    }
    try {
      await container.remove({ force: true, v: true });
    } catch (error) {
      // 409: somebody else removes it right now; the check below decides.
      if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
    }
    const end = Date.now() + PATIENCE_MS;
    while (await this.#exists(containerId)) {
      if (Date.now() > end) throw new Error('the engine does not remove the container');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async list(instance: string): Promise<EngineContainer[]> {
    const containers = await this.#docker.listContainers({ all: true, filters: filtersFor(instance) });
    return containers.map(({ Id, ImageID, State, Labels }) => ({
      containerId: Id,
      sandboxId: Labels['netpilot.sandbox'] ?? '',
      imageId: ImageID,
      running: State === 'running',
    }));
  }

  async exitOf(sandboxId: string, containerId: string): Promise<ContainerExit | null> {
    try {
      const { State } = await this.#docker.getContainer(containerId).inspect();
      if (State.Running) return null;
      return { sandboxId, exitCode: State.ExitCode, outOfMemory: State.OOMKilled };
    } catch (error) {
      if (statusOf(error) === 404) return { sandboxId, exitCode: null, outOfMemory: false };
      throw error;
    }
  }

  async watch(
    instance: string,
    ended: (sandboxId: string, containerId: string) => void,
    lost: () => void,
  ): Promise<() => void> {
    const filters = JSON.stringify({ ...filtersFor(instance), type: ['container'], event: ['die'] });
    const stream = (await this.#patient.getEvents({ filters })) as unknown as Readable;
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      lines.close();
      stream.destroy();
    };
    const broken = () => {
      if (over) return;
      end();
      lost();
    };
    const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on('line', (line) => {
      if (over) return;
      const event = EventLine.safeParse(parse(line));
      const sandboxId = event.data?.Actor.Attributes['netpilot.sandbox'];
      if (event.success && sandboxId !== undefined) ended(sandboxId, event.data.Actor.ID);
    });
    stream.once('end', broken);
    stream.once('close', broken);
    // An engine that goes down breaks the stream more than once, and the reader of lines tells its errors again as its own.
    stream.on('error', broken);
    lines.on('error', broken);
    return end;
  }

  async #exists(containerId: string): Promise<boolean> {
    try {
      await this.#docker.getContainer(containerId).inspect();
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }
}

function filtersFor(instance: string): { label: string[] } {
  return { label: ['netpilot=session', `netpilot.instance=${instance}`] };
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error ? (error as Error & { statusCode?: number }).statusCode : undefined;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
