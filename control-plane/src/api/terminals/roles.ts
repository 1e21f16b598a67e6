import type { RecordingTrouble } from '../../../contract/recordings.ts';
import type { TerminalPerson, TerminalStatus } from '../../../contract/terminal-frames.ts';
import type { Viewer, ViewerIdentity } from './viewer.ts';

/** Who is at a terminal, and as what: at most one drives, those who watch never do, the others follow. */
export class Roles {
  readonly #viewers = new Set<Viewer>();
  #driver: Viewer | null = null;
  #tookOver: TerminalPerson | null = null;
  /** Since when nobody is there who could drive, in milliseconds since the epoch. */
  #leftAt: number | null = Date.now();

  get driver(): Viewer | null {
    return this.#driver;
  }

  get everybody(): Iterable<Viewer> {
    return this.#viewers;
  }

  get size(): number {
    return this.#viewers.size;
  }

  /** Whether somebody is there besides the driver. */
  get accompanied(): boolean {
    return this.#viewers.size > (this.#driver === null ? 0 : 1);
  }

  /** The same page of the same person, from before a break. */
  earlierOf({ actor, page }: ViewerIdentity): Viewer | undefined {
    if (page === null) return undefined;
    return [...this.#viewers].find(({ identity }) => identity.page === page && identity.actor.userId === actor.userId);
  }

  /** It drives when it wants to and may, and nobody else does. */
  add(viewer: Viewer, wantsToDrive: boolean): void {
    this.#viewers.add(viewer);
    if (!mayDrive(viewer)) return;
    this.#leftAt = null;
    if (this.#driver === null && wantsToDrive) this.#driver = viewer;
  }

  /** @returns false for one that is not there. */
  remove(viewer: Viewer): boolean {
    if (!this.#viewers.delete(viewer)) return false;
    if (viewer === this.#driver) this.#driver = null;
    if (this.#working === 0) this.#leftAt ??= Date.now();
    return true;
  }

  /** @returns who drove until then, null for nobody; undefined when the viewer may not drive or does so already. */
  takeOver(viewer: Viewer): Viewer | null | undefined {
    if (!mayDrive(viewer) || viewer === this.#driver) return undefined;
    const from = this.#driver;
    this.#driver = viewer;
    if (from !== null) this.#tookOver = personOf(viewer.identity);
    return from;
  }

  statusFor(viewer: Viewer, trouble: RecordingTrouble | null): TerminalStatus {
    return {
      role: viewer === this.#driver ? 'driver' : mayDrive(viewer) ? 'follower' : 'watcher',
      driver: this.#driver === null ? null : personOf(this.#driver.identity),
      tookOver: this.#tookOver,
      followers: this.#followers,
      trouble,
    };
  }

  /** What a list of terminals says of them. */
  summary(): { attached: boolean; driver: string | null; followers: number; detachedSince: string | null } {
    return {
      attached: this.#working > 0,
      driver: this.#driver?.identity.actor.name ?? null,
      followers: this.#followers,
      detachedSince: this.#leftAt === null ? null : new Date(this.#leftAt).toISOString(),
    };
  }

  get #working(): number {
    return [...this.#viewers].filter(mayDrive).length;
  }

  get #followers(): number {
    return this.#working - (this.#driver === null ? 0 : 1);
  }
}

function mayDrive({ identity }: Viewer): boolean {
  return identity.access !== 'watch';
}

function personOf({ actor, agent }: ViewerIdentity): TerminalPerson {
  return { name: actor.name.slice(0, 200), agent: agent?.slice(0, 300) ?? null };
}
