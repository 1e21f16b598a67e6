import { setTimeout as delay } from 'node:timers/promises';
import { Organisation } from '@netpilot/control-plane/contract/organisations.ts';
import { pageOf } from '@netpilot/control-plane/contract/page.ts';
import { Me } from '@netpilot/control-plane/contract/people.ts';
import { Enrolment, Router, RouterCreated } from '@netpilot/control-plane/contract/routers.ts';
import type { z } from 'zod';
import { HOUSEHOLD } from '../demo-router/household.ts';
import { startDemoRouter } from '../demo-router/router.ts';
import { startSurroundings } from '../demo-router/surroundings.ts';
import { browse, CookieJar, signInAs } from './browser-sign-in.ts';
import type { DemoNetwork } from './demo-network.ts';
import type { SeededPerson } from './demo-people.ts';
import type { Log } from './requirements.ts';

export interface DemoOptions {
  publicUrl: string;
  people: readonly SeededPerson[];
  network: DemoNetwork;
  instance: string;
  /** Takes over every router, and the network around it, as soon as it runs. */
  own: (part: { stop(): Promise<void> }) => void;
  /** Ends the waiting for tunnels. */
  signal: AbortSignal;
  log: Log;
}

/** How long a router's tunnel may take to come up, in milliseconds. */
const TUNNEL_LIMIT = 60_000;

/**
 * Fills an installation with its demo people, organisations and routers, the way people do it: over the api, and with the line that the
 * page shows run on the router. What an earlier start made is used again; the routers are attached anew.
 * @throws Error when a step is refused or a tunnel does not come up.
 */
export async function seedDemo(options: DemoOptions): Promise<void> {
  await Promise.all(options.people.map((person) => seedPerson(person, options)));
}

async function seedPerson(person: SeededPerson, options: DemoOptions): Promise<void> {
  const api = await ApiUser.signIn(options.publicUrl, person.subject);
  try {
    if (person.organisation === null || person.router === null) return;
    const { memberships } = await api.get('/me', Me);
    const organisationId =
      memberships.find((membership) => membership.organisationName === person.organisation)?.organisationId ??
      (await api.post('/organisations', { name: person.organisation }, Organisation)).id;
    const { router, install } = await attachable(api, organisationId, person.router);
    const url = new URL(options.publicUrl);
    const demoRouter = await startDemoRouter({
      name: person.router,
      network: options.network.name,
      instance: options.instance,
      packages: person.packages ?? [],
      uplinks: [{ port: Number(url.port), address: options.network.address }],
    });
    options.own(demoRouter);
    options.own(await startSurroundings(demoRouter, { instance: options.instance, devices: HOUSEHOLD }));
    const { code, output } = await demoRouter.exec(install);
    if (code !== 0) throw new Error(`${person.router} could not be attached: ${output.trim().slice(-300)}`);
    await tunnelUp(api, router.id, person.router, options.signal);
    options.log(`${person.router} of ${person.organisation} is attached`);
  } finally {
    await api.signOut();
  }
}

async function attachable(
  api: ApiUser,
  organisationId: string,
  name: string,
): Promise<{ router: Router; install: string }> {
  const { items } = await api.get(`/routers?organisationId=${organisationId}`, pageOf(Router));
  const present = items.find((router) => router.name === name && router.attachment === 'enrolled');
  if (present !== undefined) {
    const { install } = await api.post(`/routers/${present.id}/enrolment`, undefined, Enrolment);
    return { router: present, install };
  }
  const { router, enrolment } = await api.post(
    '/routers',
    { attachment: 'enrolled', organisationId, name },
    RouterCreated,
  );
  if (enrolment === null) throw new Error(`the api gave no line for ${name}`);
  return { router, install: enrolment.install };
}

async function tunnelUp(api: ApiUser, id: string, name: string, signal: AbortSignal): Promise<void> {
  const end = Date.now() + TUNNEL_LIMIT;
  while (!(await api.get(`/routers/${id}`, Router)).tunnel.up) {
    if (Date.now() > end) throw new Error(`the tunnel of ${name} did not come up in ${TUNNEL_LIMIT / 1_000} s`);
    await delay(250, undefined, { signal });
  }
}

/** One signed-in person at the api. */
class ApiUser {
  readonly #base: URL;
  readonly #jar = new CookieJar();

  private constructor(publicUrl: string) {
    this.#base = new URL('/api/v1/', publicUrl);
  }

  static async signIn(publicUrl: string, subject: string): Promise<ApiUser> {
    const user = new ApiUser(publicUrl);
    const landed = await signInAs(user.#jar, new URL('auth/sign-in', user.#base), subject);
    await landed.response.body?.cancel();
    const problem = landed.url.searchParams.get('problem');
    if (problem !== null) throw new Error(`the sign-in of ${subject} was refused: ${problem}`);
    return user;
  }

  async get<T extends z.ZodType>(path: string, answer: T): Promise<z.infer<T>> {
    return answer.parse(await (await this.#call('GET', path)).json());
  }

  async post<T extends z.ZodType>(path: string, body: unknown, answer: T): Promise<z.infer<T>> {
    return answer.parse(await (await this.#call('POST', path, body)).json());
  }

  async signOut(): Promise<void> {
    await (await this.#call('POST', '/auth/sign-out')).body?.cancel();
  }

  async #call(method: string, path: string, body?: unknown): Promise<Response> {
    const headers: Record<string, string> = { accept: 'application/json', origin: this.#base.origin };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const { response } = await browse(this.#jar, new URL(path.slice(1), this.#base), init);
    if (response.ok) return response;
    const said = await response.text();
    throw new Error(`${method} ${path.split('?')[0]} was answered with ${response.status}: ${said.slice(0, 300)}`);
  }
}
