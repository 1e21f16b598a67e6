import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeLabelled } from './docker.ts';
import type { Places } from './places.ts';
import { endProcess, type ProcessIdentity } from './processes.ts';

/** The child processes of a run, noted on disk so that the next start finds them when this one is killed. */
export class ProcessList {
  readonly #file: string;
  #noted: ProcessIdentity[] = [];

  constructor(places: Places) {
    this.#file = join(places.state, 'processes.json');
  }

  /** Ends what a run that was killed left behind, children included. */
  async endLeftovers(): Promise<void> {
    const text = await readFile(this.#file, 'utf8').catch(() => '[]');
    for (const process_ of parse(text)) await endProcess(process_, { graceMs: 10_000, group: true });
    await rm(this.#file, { force: true });
  }

  async note(process_: ProcessIdentity): Promise<void> {
    this.#noted = [...this.#noted, process_];
    await writeFile(this.#file, JSON.stringify(this.#noted), { mode: 0o600 });
  }

  /** Forgets all, once they are stopped. */
  async clear(): Promise<void> {
    this.#noted = [];
    await rm(this.#file, { force: true });
  }
}

function parse(text: string): ProcessIdentity[] {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return [];
    return value.filter(
      (item): item is ProcessIdentity => typeof item?.pid === 'number' && typeof item?.startedAt === 'string',
    );
  } catch {
    return [];
  }
}

/** Removes containers, networks and sockets of this installation: nothing of it runs when this is called. */
export async function removeTraces(places: Places): Promise<void> {
  await removeLabelled(`netpilot.instance=${places.instance}`);
  await rm(places.run, { recursive: true, force: true });
}
