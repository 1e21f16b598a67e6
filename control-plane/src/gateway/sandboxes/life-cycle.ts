import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { TUNNEL_SOCKET } from '../../../contract/agent.ts';
import type { GatewaySession } from '../../../contract/gateway.ts';
import type { QueuePlace } from '../../../contract/sessions.ts';
import { GatewayFault } from '../problems.ts';
import { openRoute } from '../relay/router-route.ts';
import type { RouterRoute } from '../relay/router-route.ts';
import { SandboxRelay } from '../relay/sandbox-relay.ts';
import type { Applicant } from './admission.ts';
import type { Assignment, Assignments } from './assignments.ts';
import type { ContainerExit, Engine } from './engine.ts';
import type { Sandbox, SandboxYard } from './sandbox-yard.ts';
import type { Ending, SessionRecord } from './session-record.ts';
import type { StartQueue } from './start-queue.ts';
import type { WarmPool } from './warm-pool.ts';

/** Sessions that are gone and still listed, so that an api that was away learns why. */
const REMEMBERED_GONE = 500;

export interface LifeCycleOptions {
  engine: Engine;
  image: string;
  yard: SandboxYard;
  pool: WarmPool;
  queue: StartQueue;
  assignments: Assignments;
  openChannel: (routerId: string) => Promise<Duplex>;
  changed: (session: GatewaySession) => void;
  log: Logger;
}

/** Takes each session from its request to its end. The only owner of assigned sandboxes and their relays. */
export class LifeCycle {
  readonly #options: LifeCycleOptions;
  readonly #records = new Map<string, SessionRecord>();
  readonly #gone: string[] = [];

  constructor(options: LifeCycleOptions) {
    this.#options = options;
  }

  /** @returns the session when it is there already and not gone. */
  find(sessionId: string): GatewaySession | null {
    const record = this.#records.get(sessionId);
    return record === undefined || record.state === 'gone' ? null : this.#view(record);
  }

  list(): GatewaySession[] {
    return [...this.#records.values()].map((record) => this.#view(record));
  }

  /** Sessions that have, or are getting, a sandbox. */
  get sandboxes(): number {
    return [...this.#records.values()].filter(({ state }) => state === 'starting' || state === 'ready').length;
  }

  /**
   * Puts a session into the line; one that is there already stays as it is.
   * @throws GatewayFault `too_many_waiting`.
   */
  start(applicant: Applicant, route: RouterRoute): GatewaySession {
    const { sessionId } = applicant;
    const known = this.find(sessionId);
    if (known !== null) return known;
    const record: SessionRecord = {
      applicant,
      route,
      state: 'queued',
      sandbox: null,
      relay: null,
      launch: null,
      ending: null,
      finishing: null,
    };
    const before = this.#records.get(sessionId);
    this.#records.set(sessionId, record);
    if (!this.#options.queue.enter(applicant)) {
      this.#records.delete(sessionId);
      if (before !== undefined) this.#records.set(sessionId, before);
      throw new GatewayFault('too_many_waiting', 'too many sessions wait for a sandbox');
    }
    return this.#view(record);
  }

  /** The start queue let the session in. */
  admitted({ sessionId }: Applicant): void {
    const record = this.#records.get(sessionId);
    if (record === undefined || record.state !== 'queued' || record.ending !== null) return;
    record.launch = this.#launch(record);
  }

  /** The session's place in the line changed. */
  moved(sessionId: string, place: QueuePlace): void {
    const record = this.#records.get(sessionId);
    if (record?.state === 'queued') this.#options.changed({ ...this.#view(record), queue: place });
  }

  /**
   * Gives the place up or ends the sandbox; resolves when the container is verifiably gone.
   * @returns whether there was anything to end.
   * @throws GatewayFault `engine_unavailable` when the container may still be there; it is tried again then.
   */
  async end(sessionId: string): Promise<boolean> {
    const record = this.#records.get(sessionId);
    if (record === undefined || record.state === 'gone') return false;
    await this.#end(record, { cause: 'ended', detail: null });
    return true;
  }

  /** A container of ours ended by itself. @returns whether it was a session's. */
  async exited(sandboxId: string): Promise<boolean> {
    const record = this.#bySandbox(sandboxId);
    if (record?.sandbox === undefined || record.sandbox === null) return false;
    if (record.ending !== null) return true;
    const exit = await this.#options.engine.exitOf(sandboxId, record.sandbox.containerId);
    if (exit !== null) await this.#end(record, endingOf(exit));
    return true;
  }

  /** Compares with the containers that run: what is missing has ended, and every end that failed is tried again. */
  async reconcile(running: ReadonlySet<string>): Promise<void> {
    for (const record of this.#records.values()) {
      if (record.state === 'gone') continue;
      if (record.ending !== null && record.finishing === null) await this.#end(record, record.ending);
      else if (record.state === 'ready' && record.sandbox !== null && !running.has(record.sandbox.sandboxId)) {
        await this.exited(record.sandbox.sandboxId);
      }
    }
  }

  /** Takes a session over whose sandbox an earlier process started; opens its relay again. */
  async adopt(assignment: Assignment): Promise<void> {
    const { sessionId, organisationId, userId, priority, route } = assignment;
    const record: SessionRecord = {
      applicant: { sessionId, organisationId, userId, priority },
      route,
      state: 'ready',
      sandbox: this.#options.yard.adopt(assignment),
      relay: null,
      launch: null,
      ending: null,
      finishing: null,
    };
    this.#records.set(sessionId, record);
    this.#options.queue.readmit(record.applicant);
    record.relay = await this.#openRelay(record, record.sandbox as Sandbox);
  }

  /** Notes a session whose sandbox did not survive the gateway's absence. */
  async lost(assignment: Assignment, ending: Ending): Promise<void> {
    await this.adopt(assignment);
    const record = this.#records.get(assignment.sessionId);
    if (record !== undefined) await this.#end(record, ending);
  }

  /** Closes every relay and lets the sandboxes run on, for the process that comes after. */
  async close(): Promise<void> {
    const records = [...this.#records.values()];
    await Promise.allSettled(records.map((record) => record.launch));
    await Promise.allSettled(records.map((record) => record.finishing));
    await Promise.allSettled(records.map((record) => record.relay?.close()));
  }

  async #launch(record: SessionRecord): Promise<void> {
    const { engine, image, pool, assignments, log } = this.#options;
    this.#become(record, 'starting');
    try {
      const imageId = await engine.imageId(image);
      if (imageId === null) throw new Error(`the image ${image} is not on this machine`);
      const sandbox = pool.take(imageId) ?? (await this.#create(record, imageId));
      if (sandbox === null) return;
      record.sandbox = sandbox;
      const { sandboxId, containerId } = sandbox;
      const { sessionId, organisationId, userId, priority } = record.applicant;
      const { route } = record;
      await assignments.write({ sandboxId, containerId, imageId, sessionId, organisationId, userId, priority, route });
      record.relay = await this.#openRelay(record, sandbox);
      const exit = await engine.exitOf(sandboxId, containerId);
      if (exit !== null) throw new Error(endingOf(exit).detail ?? 'the sandbox ended');
      if (record.ending === null) this.#become(record, 'ready');
    } catch (error) {
      log.error({ err: error, sessionId: record.applicant.sessionId }, 'could not start a sandbox');
      record.ending ??= { cause: 'start_failed', detail: wordsOf(error) };
    }
    record.launch = null;
    if (record.ending !== null) {
      await this.#end(record, record.ending).catch(() => {});
    }
  }

  /** @returns null when the session was given up while it waited for the engine's door. */
  #create(record: SessionRecord, imageId: string): Promise<Sandbox | null> {
    const { queue, yard } = this.#options;
    return queue.throughDoor('session', async () => (record.ending === null ? yard.create(imageId) : null));
  }

  #openRelay(record: SessionRecord, sandbox: Sandbox): Promise<SandboxRelay> {
    const { openChannel } = this.#options;
    return SandboxRelay.open(join(sandbox.directory, TUNNEL_SOCKET), () => openRoute(record.route, openChannel));
  }

  async #end(record: SessionRecord, ending: Ending): Promise<void> {
    record.ending ??= ending;
    // A start under way sees the ending and comes back here by itself.
    if (record.launch !== null) await record.launch;
    record.finishing ??= this.#finish(record, record.ending).finally(() => {
      record.finishing = null;
    });
    await record.finishing;
  }

  async #finish(record: SessionRecord, ending: Ending): Promise<void> {
    if (record.state === 'gone') return;
    const { yard, assignments, queue, log } = this.#options;
    const { sessionId } = record.applicant;
    await record.relay?.close();
    record.relay = null;
    if (record.sandbox !== null) {
      try {
        await yard.destroy(record.sandbox);
      } catch (error) {
        log.error({ err: error, sessionId }, 'could not remove a sandbox');
        throw new GatewayFault('engine_unavailable', 'the sandbox could not be removed yet', { cause: error });
      }
      await assignments.remove(record.sandbox.sandboxId);
    }
    this.#become(record, 'gone');
    this.#gone.push(sessionId);
    if (this.#gone.length > REMEMBERED_GONE) this.#forget(this.#gone.shift());
    log.info({ sessionId, cause: ending.cause }, 'session gone');
    queue.release(sessionId);
  }

  #forget(sessionId: string | undefined): void {
    if (sessionId !== undefined && this.#records.get(sessionId)?.state === 'gone') this.#records.delete(sessionId);
  }

  #become(record: SessionRecord, state: SessionRecord['state']): void {
    record.state = state;
    this.#options.changed(this.#view(record));
  }

  #bySandbox(sandboxId: string): SessionRecord | undefined {
    return [...this.#records.values()].find((record) => record.sandbox?.sandboxId === sandboxId);
  }

  #view(record: SessionRecord): GatewaySession {
    const { sessionId } = record.applicant;
    const { state, sandbox, ending } = record;
    return {
      sessionId,
      state,
      queue: state === 'queued' ? this.#options.queue.place(sessionId) : null,
      sandboxId: state === 'ready' && sandbox !== null ? sandbox.sandboxId : null,
      imageDigest: sandbox?.imageId ?? null,
      detail: state === 'gone' ? (ending?.detail ?? null) : null,
      cause: state === 'gone' ? (ending?.cause ?? null) : null,
    };
  }
}

/** @returns how a container's end is told. */
export function endingOf(exit: ContainerExit): Ending {
  if (exit.outOfMemory) return { cause: 'out_of_memory', detail: 'the sandbox used more memory than it may' };
  if (exit.exitCode === null) return { cause: 'lost', detail: 'the container is not there any more' };
  return { cause: 'exited', detail: `the sandbox ended by itself with code ${exit.exitCode}` };
}

function wordsOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'the disk of the bastion is full';
  return (error instanceof Error ? error.message : String(error)).slice(0, 500);
}
