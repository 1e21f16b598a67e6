import { z } from 'zod';
import { WebSocket } from 'ws';
import { browse, CookieJar, signInAs } from '@netpilot/compose/local/browser-sign-in.ts';
import { Me } from '../../contract/people.ts';
import { Organisation } from '../../contract/organisations.ts';
import { Problem, type ProblemCode } from '../../contract/problems.ts';
import { Session } from '../../contract/sessions.ts';
import { eventually } from './eventually.ts';
import { TerminalClient } from './terminal-client.ts';

/** An answer of the api that was not the expected one. */
export class UnexpectedAnswer extends Error {
  readonly status: number;
  readonly code: ProblemCode | null;

  constructor(method: string, path: string, status: number, body: string) {
    super(`${method} ${path} answered ${status}: ${body.slice(0, 500)}`);
    const problem = Problem.safeParse(parse(body));
    this.status = status;
    this.code = problem.success ? problem.data.code : null;
  }
}

/** Somebody with a browser: cookies, an Origin, and the words of the API. */
export class TestPerson {
  readonly jar = new CookieJar();
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async signIn(subject: string): Promise<void> {
    const { url, response } = await signInAs(this.jar, new URL('/api/v1/auth/sign-in?return_to=/', this.url), subject);
    await response.body?.cancel();
    if (url.searchParams.has('problem')) throw new Error(`the sign-in failed: ${url.search}`);
  }

  /** One request as the page sends it. */
  async fetch(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const { response } = await browse(this.jar, new URL(`/api/v1${path}`, this.url), {
      method,
      headers: {
        ...(method === 'GET' ? {} : { origin: this.url }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response;
  }

  /** @throws UnexpectedAnswer unless the answer is a success that the schema takes. */
  async ask<T extends z.ZodType>(schema: T, method: string, path: string, body?: unknown): Promise<z.infer<T>> {
    const response = await this.fetch(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new UnexpectedAnswer(method, path, response.status, text);
    return schema.parse(parse(text));
  }

  /** A request whose answer has no body. */
  async tell(method: string, path: string, body?: unknown): Promise<void> {
    const response = await this.fetch(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new UnexpectedAnswer(method, path, response.status, text);
  }

  /** The status and problem code of a request that is expected to be refused. */
  async refusal(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<[number, ProblemCode | null]> {
    const response = await this.fetch(method, path, body, headers);
    const text = await response.text();
    if (response.ok) throw new Error(`${method} ${path} was not refused`);
    const { status, code } = new UnexpectedAnswer(method, path, response.status, text);
    return [status, code];
  }

  /** Proves again who they are, as the page of a locked screen asks. */
  async signInAgain(subject: string): Promise<void> {
    const start = new URL('/api/v1/auth/sign-in-again?return_to=/', this.url);
    const { url, response } = await signInAs(this.jar, start, subject);
    await response.body?.cancel();
    if (url.searchParams.has('problem')) throw new Error(`the sign-in failed: ${url.search}`);
  }

  me(): Promise<Me> {
    return this.ask(Me, 'GET', '/me');
  }

  async newOrganisation(name: string): Promise<Organisation> {
    return this.ask(Organisation, 'POST', '/organisations', { name });
  }

  async startSession(routerId: string): Promise<Session> {
    return this.ask(Session, 'POST', '/sessions', { routerId });
  }

  session(id: string): Promise<Session> {
    return this.ask(Session, 'GET', `/sessions/${id}`);
  }

  /** Waits until a session is in a state; an end that was not waited for is an error at once. */
  async sessionIn(id: string, state: Session['state']): Promise<Session> {
    const ended: Session[] = [];
    const session = await eventually(`the session to be ${state}`, async () => {
      const now = await this.session(id);
      if (now.state === 'ended' && state !== 'ended') ended.push(now);
      return now.state === state || ended.length > 0 ? now : null;
    });
    if (ended.length > 0) throw new Error(`the session ended: ${session.endReason} ${session.endDetail}`);
    return session;
  }

  async liveSession(routerId: string): Promise<Session> {
    return this.sessionIn((await this.startSession(routerId)).id, 'live');
  }

  /** A WebSocket as the page opens it; headers may be overridden to attack. */
  webSocket(path: string, headers: Record<string, string> = {}): WebSocket {
    const url = new URL(`/api/v1${path}`, this.url);
    const cookie = this.jar.header(url);
    url.protocol = 'ws:';
    return new WebSocket(url, { headers: { origin: this.url, ...(cookie === null ? {} : { cookie }), ...headers } });
  }

  /** Opens a new terminal of a live session and attaches to it. */
  async openTerminal(sessionId: string): Promise<TerminalClient> {
    const { id } = await this.ask(z.object({ id: z.int() }), 'POST', `/sessions/${sessionId}/terminals`, {
      cols: 80,
      rows: 24,
    });
    return this.attach(sessionId, id);
  }

  /** Watches a terminal of somebody else's session, or joins it. */
  async look(sessionId: string, terminal: number, how: 'watch' | 'join' = 'watch'): Promise<TerminalClient> {
    const socket = this.webSocket(`/oversight/sessions/${sessionId}/terminals/${terminal}/${how}`);
    const client = new TerminalClient(terminal, socket);
    await client.attached;
    return client;
  }

  /** Attaches to a terminal, from an offset when one is given. */
  async attach(
    sessionId: string,
    terminal: number,
    offset?: number,
    more: { readonly replay?: number; readonly role?: 'driver' | 'follower'; readonly page?: string } = {},
  ): Promise<TerminalClient> {
    const asked = Object.entries({ offset, ...more }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    );
    const path = `/sessions/${sessionId}/terminals/${terminal}/attach?${new URLSearchParams(asked).toString()}`;
    const client = new TerminalClient(terminal, this.webSocket(path));
    await client.attached;
    return client;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
