import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { AuditEvent } from '../../contract/audit.ts';
import { Member } from '../../contract/organisations.ts';
import { pageOf } from '../../contract/page.ts';
import { Recording } from '../../contract/recordings.ts';
import { type PersonName, TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import { TestPerson } from '../harness/person.ts';

/** Everything that gives something of a recording away. */
const PARTS = ['', '/verification', '/markers', '/matches?text=secret', '/playback', '/download'];

describe('somebody else’s recording', () => {
  let bastion: TestBastion;
  let organisationId: string;
  let sessionId: string;
  let id: string;
  /** Who owns the organisation, who typed, a colleague, the owner of another organisation. */
  const people = {} as Record<'owner' | 'holder' | 'colleague' | 'stranger', TestPerson>;

  beforeAll(async () => {
    bastion = await TestBastion.start();
    const names: [keyof typeof people, PersonName][] = [
      ['owner', 'alice'],
      ['holder', 'carol'],
      ['colleague', 'dave'],
      ['stranger', 'bob'],
    ];
    for (const [who, name] of names) people[who] = await bastion.signIn(name);
    organisationId = (await people.owner.newOrganisation('One')).id;
    await people.stranger.newOrganisation('Two');
    for (const email of ['carol@one.test', 'dave@one.test']) {
      await people.owner.ask(Member, 'POST', `/organisations/${organisationId}/members`, { email, role: 'operator' });
    }
    const router = await bastion.enrolRouter(people.holder, organisationId, 'edge');
    sessionId = (await people.holder.liveSession(router.id)).id;
    const terminal = await people.holder.openTerminal(sessionId);
    terminal.type("echo se''cret\n");
    await terminal.sees('secret');
    terminal.close();
    await people.holder.tell('DELETE', `/sessions/${sessionId}`);
    id = await eventually('the recording to be complete', async () => {
      const { items } = await people.holder.ask(pageOf(Recording), 'GET', `/recordings?sessionId=${sessionId}`);
      return items.find(({ state }) => state === 'complete')?.id;
    });
  });
  afterAll(() => bastion?.close());

  const file = () => {
    const directory = join(bastion.directory, 'recordings');
    return join(
      directory,
      String(readdirSync(directory, { recursive: true }).find((name) => String(name).includes(id))),
    );
  };
  const downloads = async () => {
    const { items } = await people.owner.ask(
      pageOf(AuditEvent),
      'GET',
      `/organisations/${organisationId}/audit?limit=100`,
    );
    return items.filter(({ action }) => action === 'recording_downloaded').length;
  };

  test('is nobody’s without a sign-in, in no part, by no method and in no range', async () => {
    const nobody = new TestPerson(bastion.url);
    for (const part of PARTS) {
      for (const headers of [{}, { range: 'bytes=0-10' }] as Record<string, string>[]) {
        for (const method of ['GET', 'HEAD']) {
          const response = await nobody.fetch(method, `/recordings/${id}${part}`, undefined, headers);
          expect([method, part, response.status]).toEqual([method, part, 401]);
          expect(await response.text()).not.toContain('secret');
        }
      }
    }
  });

  test('answers a colleague and a stranger as one that does not exist', async () => {
    for (const who of [people.colleague, people.stranger]) {
      for (const part of PARTS) {
        expect([part, await who.refusal('GET', `/recordings/${id}${part}`)]).toEqual([part, [404, 'not_found']]);
        expect(await who.refusal('GET', `/recordings/${randomUUID()}${part}`)).toEqual([404, 'not_found']);
      }
      expect(await who.refusal('DELETE', `/recordings/${id}`)).toEqual([404, 'not_found']);
      for (const filter of ['', `?organisationId=${organisationId}`, `?sessionId=${sessionId}`]) {
        expect((await who.ask(pageOf(Recording), 'GET', `/recordings${filter}`)).items).toEqual([]);
      }
    }
  });

  test('may be played by who typed it, which gives no right to take it away or to delete it', async () => {
    const { holder, owner } = people;
    const before = await downloads();
    expect((await holder.fetch('GET', `/recordings/${id}/playback`)).status).toBe(200);
    const own = await holder.ask(Recording, 'GET', `/recordings/${id}`);
    expect(own.may).toEqual({ download: false, delete: false });
    for (const range of ['bytes=0-0', 'bytes=-1', 'bytes=0-,5-6', 'nonsense']) {
      expect(await holder.refusal('GET', `/recordings/${id}/download`, undefined, { range })).toEqual([
        403,
        'forbidden',
      ]);
    }
    expect(await holder.refusal('DELETE', `/recordings/${id}`)).toEqual([403, 'forbidden']);
    expect(await downloads()).toBe(before);
    expect((await owner.fetch('GET', `/recordings/${id}/download`)).status).toBe(200);
    expect(await downloads()).toBe(before + 1);
  });

  test('the platform administrator sees it and takes nothing', async () => {
    const root = await bastion.signIn('root');
    expect((await root.fetch('GET', `/recordings/${id}/playback`)).status).toBe(200);
    expect(await root.refusal('GET', `/recordings/${id}/download`)).toEqual([403, 'forbidden']);
    expect(await root.refusal('DELETE', `/recordings/${id}`)).toEqual([403, 'forbidden']);
  });

  test.each([
    ['bytes=0-9', 206, 10],
    ['bytes=-10', 206, 10],
    ['bytes=10-', 206, -10],
    ['bytes=0-999999999999999', 206, 0],
    ['bytes=5-4', 200, 0],
    ['bytes=0-1,3-4', 200, 0],
    ['bytes=-', 200, 0],
    ['bytes=99999999999999999999-', 200, 0],
    ['lines=0-1', 200, 0],
    ['bytes=999999999-', 416, null],
    ['bytes=-0', 416, null],
  ])('a range of %s is answered with %i', async (range, status, length) => {
    const whole = readFileSync(file());
    const response = await people.owner.fetch('GET', `/recordings/${id}/download`, undefined, { range });
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(response.status).toBe(status);
    if (length !== null) expect(bytes.length).toBe(length > 0 ? length : whole.length + length);
  });

  test('is not read through a link that somebody put in its place', async () => {
    const path = file();
    renameSync(path, `${path}.kept`);
    symlinkSync('/etc/passwd', path);
    try {
      for (const part of PARTS.slice(1)) {
        const response = await people.owner.fetch('GET', `/recordings/${id}${part}`);
        expect([part, response.ok]).toEqual([part, false]);
        expect(await response.text()).not.toContain('root:');
      }
    } finally {
      unlinkSync(path);
      renameSync(`${path}.kept`, path);
    }
  });

  test('is over for who leaves the organisation, at once', async () => {
    const { id: userId } = await people.holder.me();
    await people.owner.tell('DELETE', `/organisations/${organisationId}/members/${userId}`);
    for (const part of PARTS) {
      expect(await people.holder.refusal('GET', `/recordings/${id}${part}`)).toEqual([404, 'not_found']);
    }
    expect((await people.holder.ask(pageOf(Recording), 'GET', '/recordings')).items).toEqual([]);
  });
});
