import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LoginSession } from '../../contract/people.ts';
import { Member } from '../../contract/organisations.ts';
import { pageOf } from '../../contract/page.ts';
import { Recording } from '../../contract/recordings.ts';
import { RouterCreated } from '../../contract/routers.ts';
import { ListedTerminal, Session } from '../../contract/sessions.ts';
import { type PersonName, TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import { TestPerson } from '../harness/person.ts';
import { type Asker, ASKERS, type Outcome, type Row, TABLE, type Thing } from './authorization-table.ts';

const SUBJECTS: Partial<Record<Asker, PersonName>> = {
  holder: 'erin',
  owner: 'alice',
  admin: 'dave',
  operator: 'carol',
  viewer: 'frank',
  stranger: 'bob',
  platform: 'root',
};
/** Of these an asker who is told that there is nothing must not find any in the answer. */
const SECRETS = ['Attic', 'Erin Ely', 'erin@one.test'];

interface Answer {
  readonly outcome: Outcome;
  /** Status, headers and body, or the frames before the close; what differs by itself is taken out. */
  readonly told: string;
}

describe('every route', () => {
  let bastion: TestBastion;
  let web: string;
  const people = {} as Record<Asker, TestPerson>;
  const things = {} as Record<Thing, string>;
  const person = (asker: Asker) => people[asker];

  beforeAll(async () => {
    web = mkdtempSync('/tmp/np-web-');
    mkdirSync(join(web, 'assets'));
    writeFileSync(join(web, 'index.html'), '<!doctype html>');
    writeFileSync(join(web, 'assets', 'app.js'), '');
    bastion = await TestBastion.start({ webDirectory: web, gateway: { NETPILOT_WARM_POOL: '0' } });
    for (const asker of ASKERS) {
      people[asker] = new TestPerson(bastion.url);
      const subject = SUBJECTS[asker];
      if (subject !== undefined) await people[asker].signIn(subject);
    }
    const grace = await bastion.signIn('grace');
    things.member = (await grace.me()).id;

    // A browser that left for the issuer and has not come back, and that shows its attempt wherever a token could be.
    const attempt = await send('GET', '/api/v1/auth/sign-in', people.half);
    const value = /netpilot_sign_in=([^;]+)/u.exec(attempt.headers.getSetCookie().join())?.[1] ?? '';
    expect(value.length).toBeGreaterThan(50);
    people.half.jar.store(new URL(bastion.url), [`netpilot_access=${value}`, `netpilot_refresh=${value}`]);

    await people.stranger.newOrganisation('Two');
    const { id } = await people.owner.newOrganisation('One');
    things.organisation = id;
    for (const [asker, role] of [
      ['admin', 'admin'],
      ['holder', 'operator'],
      ['operator', 'operator'],
      ['viewer', 'viewer'],
    ] as const) {
      await addMember(`${SUBJECTS[asker]}@one.test`, role);
    }
    await addMember('grace@one.test', 'viewer');
    const router = await bastion.enrolRouter(people.holder, id, 'Attic');
    things.router = router.id;
    things.session = (await people.holder.liveSession(router.id)).id;
    things.terminal = await newTerminal();
    things.recording = await eventually('the terminal to be recorded', async () => {
      const { items } = await people.holder.ask(pageOf(Recording), 'GET', `/recordings?sessionId=${things.session}`);
      return items[0]?.id;
    });
    await prepare();
  });
  afterAll(async () => {
    await bastion?.close();
    rmSync(web, { recursive: true });
  });

  const addMember = (email: string, role: string) =>
    people.owner.ask(Member, 'POST', `/organisations/${things.organisation}/members`, { email, role });
  const newTerminal = async () =>
    String(
      (await people.holder.ask(ListedTerminal, 'POST', `/sessions/${things.session}/terminals`, { cols: 80, rows: 24 }))
        .id,
    );

  /** Makes again what the row before used up. */
  async function prepare(): Promise<void> {
    const there = async (path: string) => (await people.holder.fetch('GET', path)).status === 200;
    if (!(await there(`/organisations/${things.organisation}`))) return;
    if (things.spareRouter === undefined || !(await there(`/routers/${things.spareRouter}`))) {
      const created = await people.holder.ask(RouterCreated, 'POST', '/routers', {
        attachment: 'enrolled',
        organisationId: things.organisation,
        name: 'Spare',
      });
      things.spareRouter = created.router.id;
    }
    const members = z.object({ items: z.array(Member) });
    const { items } = await people.owner.ask(members, 'GET', `/organisations/${things.organisation}/members`);
    if (!items.some(({ userId }) => userId === things.member)) await addMember('grace@one.test', 'viewer');
    const logins = z.object({ items: z.array(LoginSession) });
    const mine = await people.holder.ask(logins, 'GET', '/auth/sessions');
    const other = mine.items.find(({ current }) => !current)?.id;
    if (other === undefined) {
      await bastion.signIn('erin');
      return prepare();
    }
    things.loginSession = other;
    const session = await people.holder.ask(Session, 'GET', `/sessions/${things.session}`);
    if (session.state !== 'live') return;
    const terminals = z.object({ items: z.array(ListedTerminal) });
    const open = await people.holder.ask(terminals, 'GET', `/sessions/${things.session}/terminals`);
    const spare = open.items.find((terminal) => String(terminal.id) === things.spareTerminal && terminal.exit === null);
    if (spare === undefined) things.spareTerminal = await newTerminal();
  }

  /** One request with all that the asker's browser holds; redirects are answers. */
  async function send(
    method: string,
    path: string,
    who: TestPerson,
    body?: { json?: unknown; form?: Record<string, string> },
  ): Promise<Response> {
    const url = new URL(path, bastion.url);
    const cookie = who.jar.header(url);
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        accept: 'text/html, application/json',
        ...(method === 'GET' || method === 'HEAD' ? {} : { origin: bastion.url }),
        ...(cookie === null ? {} : { cookie }),
        ...(body?.json === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body?.json === undefined ? {} : { body: JSON.stringify(body.json) }),
      ...(body?.form === undefined ? {} : { body: new URLSearchParams(body.form) }),
    });
    return response;
  }

  function put(text: string, names: Partial<Record<Thing, string>>): string {
    return text.replaceAll(/\{(\w+)\}/gu, (_, name: Thing) => names[name] ?? '');
  }

  async function ask(row: Row, who: TestPerson, names: Record<Thing, string>): Promise<Answer> {
    const path = put(row.path, names);
    if (row.webSocket === true) return askSocket(path.replace('/api/v1', ''), who);
    const [method = ''] = row.route.split(' ');
    const json = row.body === undefined ? undefined : JSON.parse(put(JSON.stringify(row.body), names));
    const response = await send(method, path, who, {
      ...(json === undefined ? {} : { json }),
      ...(row.form === undefined ? {} : { form: { ...row.form } }),
    });
    if (response.ok && row.route !== 'GET /api/v1/auth/callback')
      who.jar.store(new URL(bastion.url), response.headers.getSetCookie());
    const headers = [...response.headers].filter(([name]) => !/^(date|x-ratelimit-.*|set-cookie)$/u.test(name));
    const text = (await response.text()).replace(/"requestId":"[^"]*"/u, '');
    return { outcome: response.status, told: JSON.stringify([response.status, headers, text]) };
  }

  function askSocket(path: string, who: TestPerson): Promise<Answer> {
    return new Promise((resolve) => {
      const socket = who.webSocket(path);
      const told: string[] = [];
      const done = (outcome: Outcome) => {
        resolve({ outcome, told: JSON.stringify([outcome, told]) });
        socket.terminate();
      };
      // Who is let in is greeted at once, on both kinds of socket.
      socket.on('message', () => done('open'));
      socket.on('close', (code, reason) => {
        told.push(reason.toString());
        done(code);
      });
      socket.on('unexpected-response', (_request, response) => done(response.statusCode ?? 0));
      socket.on('error', () => undefined);
    });
  }

  /** The same names for things that do not exist. */
  const unknown = () =>
    Object.fromEntries(
      Object.entries(things).map(([name, id]) => [name, /^\d+$/u.test(id) ? '999999' : randomUUID()]),
    ) as Record<Thing, string>;
  const byOutcome = (row: Row, asker: Asker) => {
    const outcome = row.expected[ASKERS.indexOf(asker)] ?? 0;
    return outcome === 'open' || (outcome >= 200 && outcome < 300) ? 1 : 0;
  };

  test.each(TABLE.map((row) => [row.route, row.path, row] as const))(
    '%s answers each asker as the table says (%s)',
    async (_route, _path, row) => {
      // Refusals first: nobody who may comes before somebody who may not.
      const order = ASKERS.toSorted((one, other) => byOutcome(row, one) - byOutcome(row, other));
      const got: Partial<Record<Asker, Outcome>> = {};
      for (const asker of order) {
        if (row.route.startsWith('DELETE ')) await prepare();
        const answer = await ask(row, person(asker), things);
        got[asker] = answer.outcome;
        const nothing = answer.outcome === 404 || answer.outcome === 4404;
        if (nothing && /\{/u.test(row.path + JSON.stringify(row.body ?? {}))) {
          const ofUnknown = await ask(row, person(asker), unknown());
          expect([asker, answer.told]).toEqual([asker, ofUnknown.told]);
        }
        if (asker === 'stranger' || asker === 'anonymous' || asker === 'half') {
          const found = [...SECRETS, things.organisation, things.router, things.session].filter((secret) =>
            answer.told.includes(secret),
          );
          expect([asker, found]).toEqual([asker, []]);
        }
        if (row.route.startsWith('GET ') && row.webSocket !== true && typeof answer.outcome === 'number') {
          const head = await send('HEAD', put(row.path, things), person(asker));
          expect([asker, 'HEAD', head.status]).toEqual([asker, 'HEAD', answer.outcome]);
        }
      }
      expect(ASKERS.map((asker) => [asker, got[asker]])).toEqual(
        ASKERS.map((asker, index) => [asker, row.expected[index]]),
      );
    },
  );
});
