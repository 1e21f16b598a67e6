import { request } from 'node:http';
import { join } from 'node:path';
import { GATEWAY_ANSWERS, GATEWAY_PATHS, type GatewayAnswer } from '../contract/gateway.ts';
import { Session } from '../contract/sessions.ts';
import { TestBastion, type PersonName } from '../test/harness/bastion.ts';
import { eventually } from '../test/harness/eventually.ts';
import type { TestPerson } from '../test/harness/person.ts';
import type { TestRouter } from '../test/harness/router.ts';
import { OpenSsh } from './openssh.ts';
import { SessionWatch } from './session-watch.ts';

/** A new warm sandbox's agent needs this long to come up and wait, in milliseconds; nothing says when it does. */
const AGENT_STARTS_MS = 1_500;

/** One person with a router of their own, and OpenSSH's way to the same router. */
export class Desk {
  readonly person: TestPerson;
  readonly router: TestRouter;
  readonly ssh: OpenSsh;
  readonly organisationId: string;
  readonly watch: SessionWatch;

  private constructor(parts: Pick<Desk, 'person' | 'router' | 'ssh' | 'organisationId' | 'watch'>) {
    this.person = parts.person;
    this.router = parts.router;
    this.ssh = parts.ssh;
    this.organisationId = parts.organisationId;
    this.watch = parts.watch;
  }

  static async open(bastion: TestBastion, name: PersonName): Promise<Desk> {
    const person = await bastion.signIn(name);
    const { id: organisationId } = await person.newOrganisation(`Bench of ${name}`);
    const router = await bastion.enrolRouter(person, organisationId);
    return new Desk({
      person,
      router,
      ssh: new OpenSsh(router),
      organisationId,
      watch: await SessionWatch.open(person),
    });
  }

  /** Asks for a session and waits until it is live. @returns its id. */
  async session(): Promise<string> {
    const { id } = await this.person.startSession(this.router.id);
    await this.watch.until(id, 'live');
    return id;
  }

  /** Ends a session and waits until the bastion says that it has ended. */
  async end(sessionId: string): Promise<void> {
    await this.person.ask(Session, 'DELETE', `/sessions/${sessionId}`);
    await this.watch.until(sessionId, 'ended');
  }
}

export interface StageOptions {
  /** Warm sandboxes that wait. */
  readonly warmPool: number;
  readonly gateway?: NodeJS.ProcessEnv;
  /** Another program than the real api. */
  readonly apiProgram?: string;
}

/** Stages that are open: at most one, but for the moment in which it closes. */
const open = new Set<Stage>();

/** A bastion for measuring: bounds that a single person of the bench would hit are wide. Owner of the bastion and its desks. */
export class Stage {
  readonly bastion: TestBastion;
  readonly #warmPool: number;
  readonly #desks: Desk[] = [];

  private constructor(bastion: TestBastion, warmPool: number) {
    this.bastion = bastion;
    this.#warmPool = warmPool;
  }

  static async open(options: StageOptions): Promise<Stage> {
    const bastion = await TestBastion.start({
      ...(options.apiProgram === undefined ? {} : { apiProgram: options.apiProgram }),
      gateway: {
        NETPILOT_WARM_POOL: String(options.warmPool),
        NETPILOT_SESSION_CAP: '150',
        NETPILOT_ORGANISATION_CAP: '150',
        NETPILOT_USER_CAP: '150',
        ...options.gateway,
      },
    });
    const stage = new Stage(bastion, options.warmPool);
    open.add(stage);
    return stage;
  }

  async desk(name: PersonName): Promise<Desk> {
    const desk = await Desk.open(this.bastion, name);
    this.#desks.push(desk);
    return desk;
  }

  /** Waits until the pool is full, its agents wait, and nothing is being started. */
  async rested(): Promise<void> {
    await eventually('the warm pool to be full', async () => (await this.health()).warm >= this.#warmPool);
    await pause(AGENT_STARTS_MS);
  }

  health(): Promise<GatewayAnswer<'health'>> {
    const socketPath = join(this.bastion.runDirectory, 'gateway.sock');
    const body = JSON.stringify({ verb: 'health' });
    return new Promise((resolve, reject) => {
      const call = request({
        socketPath,
        method: 'POST',
        path: GATEWAY_PATHS.call,
        headers: { 'content-type': 'application/json' },
      });
      call.on('error', reject);
      call.on('response', (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          try {
            resolve(GATEWAY_ANSWERS.health.parse(JSON.parse(Buffer.concat(parts).toString('utf8'))));
          } catch (error) {
            reject(error);
          }
        });
      });
      call.end(body);
    });
  }

  async close(): Promise<void> {
    if (!open.delete(this)) return;
    for (const desk of this.#desks) desk.watch.close();
    await this.bastion.close();
  }
}

/** Opens a stage for `work` and closes it whatever happens. */
export async function onStage<T>(options: StageOptions, work: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = await Stage.open(options);
  try {
    return await work(stage);
  } finally {
    await stage.close();
  }
}

/** Closes what is open, when somebody ends the bench. */
export async function closeStages(): Promise<void> {
  await Promise.all([...open].map((stage) => stage.close()));
}

/** Lets the machine come to rest between two samples. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
