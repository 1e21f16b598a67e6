import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { QueryTypes } from 'sequelize';
import { z } from 'zod';
import { openDatabase } from '@netpilot/db/database.ts';
import { ConnectionTest, RouterCreated } from '../../contract/routers.ts';
import { ExecResult } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import type { TestPerson } from '../harness/person.ts';

/** Markers that are in no other text of this machine. */
const TYPED = 'typed-9f3b1c77e2d04a';
const IN_COMMAND = 'command-51d0aa8e3c7f42';
const OF_ROUTER = 'router-c2e84b90d6f1a5';
const NAME_AND_PATH = /\b(cookie|authorization)\b/iu;

/** The whole life of a bastion, and then everywhere that a secret could have been left. */
describe('secrets', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let organisationId: string;
  let sessionId: string;
  /** What each secret is called, and the texts that would show it. */
  const secrets = new Map<string, string[]>();
  const problems: string[] = [];

  beforeAll(async () => {
    bastion = await TestBastion.start({ api: { NETPILOT_LOG_LEVEL: 'trace' } });
    alice = await bastion.signIn('alice');
    organisationId = (await alice.newOrganisation('One')).id;
    collectBastion();
    collectTokens('first');

    const router = await bastion.enrolRouter(alice, organisationId, 'Attic');
    const lines = await alice.ask(z.object({ install: z.string() }), 'POST', `/routers/${router.id}/enrolment`);
    secrets.set('the enrolment token', [/token=([\w-]{43})/u.exec(lines.install)?.[1] ?? '']);
    await byHand('password', { type: 'password', password: OF_ROUTER }, 0);
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' });
    secrets.set('the password of a router', variants(OF_ROUTER));
    secrets.set('the private key of a router', bodyOf(key.toString()));
    await byHand('key', { type: 'private_key', privateKey: key.toString() }, 1);

    ({ id: sessionId } = await alice.liveSession(router.id));
    const terminal = await alice.openTerminal(sessionId);
    terminal.type(`stty -echo; printf 'As%s' 'k: '; read -r answer; stty echo; printf 'got %s\\n' "\${#answer}"\r`);
    await terminal.sees('Ask: ');
    terminal.type(`${TYPED}\r`);
    await terminal.sees(`got ${TYPED.length}`);
    expect(terminal.text).not.toContain(TYPED);
    secrets.set('what was typed without an echo', variants(TYPED));
    const ran = await alice.ask(ExecResult, 'POST', `/sessions/${sessionId}/exec`, {
      command: `SECRET=${IN_COMMAND} sh -c 'printf %s "\${#SECRET}"'`,
    });
    expect(ran.stdout).toBe(String(IN_COMMAND.length));
    secrets.set('what stood in a command', variants(IN_COMMAND));
    terminal.close();

    await provokeProblems(router.id);
    await alice.tell('POST', '/auth/refresh');
    collectTokens('second');
  });
  afterAll(() => bastion?.close());

  const file = (name: string) => readFileSync(join(bastion.directory, name), 'utf8');
  const variants = (secret: string) => [
    secret,
    Buffer.from(secret).toString('base64').replace(/=+$/u, ''),
    Buffer.from(secret).toString('hex'),
    encodeURIComponent(secret),
  ];
  /** The lines between the armour of a PEM or OpenSSH key, whole and one by one. */
  const bodyOf = (armoured: string) =>
    armoured
      .split('\n')
      .filter((line) => line.length > 20 && !line.includes('-----'))
      .slice(1);

  function collectBastion(): void {
    secrets.set('the token key', bodyOf(file('token_key')));
    secrets.set('the host key of the gateway', bodyOf(file('gateway_key')));
    secrets.set('the key ring', variants((JSON.parse(file('secret_keys')) as { keys: { k1: string } }).keys.k1));
    secrets.set('the client secret', variants(file('client_secret')));
    const databases = [bastion.database.apiUrl, bastion.database.gatewayUrl].map((url) => new URL(url).password);
    for (const [index, password] of databases.entries())
      if (password.length > 8) secrets.set(`the password ${index} of the database`, [password]);
  }

  function collectTokens(which: string): void {
    for (const cookie of ['netpilot_access', 'netpilot_refresh']) {
      const value = alice.jar.get(new URL(bastion.url), cookie) ?? '';
      expect(value.length).toBeGreaterThan(40);
      // Of an access token the signature is the secret: what it says may be known.
      secrets.set(`${which} ${cookie}`, [value.split('.').at(-1) ?? '']);
    }
  }

  async function byHand(name: string, credential: object, offset: number): Promise<void> {
    const { router } = await alice.ask(RouterCreated, 'POST', '/routers', {
      attachment: 'manual',
      organisationId,
      name,
      tunnelPort: bastion.externalPortLow + offset,
      user: 'root',
      credential,
    });
    await alice.ask(ConnectionTest, 'POST', `/routers/${router.id}/test`);
  }

  /** Requests that fail, with secrets in every place a failure could repeat. */
  async function provokeProblems(routerId: string): Promise<void> {
    const manual = {
      attachment: 'manual',
      organisationId,
      name: 'x',
      tunnelPort: bastion.externalPortLow,
      user: 'root',
    };
    const password = { type: 'password', password: OF_ROUTER };
    const tries: [string, string, unknown][] = [
      ['POST', '/routers', { ...manual, credential: password }],
      ['POST', '/routers', { ...manual, user: '-oProxyCommand=x', credential: password }],
      ['POST', '/routers', { ...manual, credential: { ...password, extra: OF_ROUTER } }],
      ['POST', '/routers', { ...manual, credential: { type: 'private_key', privateKey: OF_ROUTER.repeat(10) } }],
      ['POST', '/routers', { ...manual, password: OF_ROUTER, credential: { type: OF_ROUTER } }],
      ['POST', `/sessions/${sessionId}/exec`, { command: [IN_COMMAND] }],
      ['POST', `/sessions/${sessionId}/exec`, { command: IN_COMMAND, timeoutSeconds: IN_COMMAND }],
      ['POST', `/sessions/${routerId}/exec`, { command: IN_COMMAND }],
    ];
    for (const [method, path, body] of tries) {
      const response = await alice.fetch(method, path, body);
      expect([path, response.ok]).toEqual([path, false]);
      problems.push(JSON.stringify([...response.headers]), await response.text());
    }
    const callback = await fetch(`${bastion.url}/api/v1/auth/callback?code=${TYPED}&state=${OF_ROUTER}`, {
      redirect: 'manual',
    });
    problems.push(callback.headers.get('location') ?? '');
  }

  /** @returns the names of the secrets that are in a text. */
  const found = (text: string) =>
    [...secrets].filter(([, texts]) => texts.some((secret) => text.includes(secret))).map(([name]) => name);

  test('are known to this suite, or it would find none', () => {
    expect(secrets.size).toBeGreaterThanOrEqual(12);
    for (const [name, texts] of secrets) {
      expect([name, texts.length]).not.toEqual([name, 0]);
      for (const text of texts) expect([name, text.length]).toEqual([name, expect.any(Number)]);
      expect([name, Math.min(...texts.map((text) => text.length)) > 8]).toEqual([name, true]);
    }
    expect(found(`… ${OF_ROUTER} …`)).toEqual(['the password of a router']);
  });

  test('are in no log, not even at the most talkative level', () => {
    for (const process_ of [bastion.api, bastion.gateway]) {
      const log = process_.output();
      expect(log.length).toBeGreaterThan(100);
      expect(found(log)).toEqual([]);
    }
    // Nor the headers that carry them, nor the answer of the issuer in a logged address.
    const requests = bastion.api
      .output()
      .split('\n')
      .filter((line) => line.includes('"req"'));
    expect(requests.length).toBeGreaterThan(10);
    expect(requests.filter((line) => NAME_AND_PATH.test(line))).toEqual([]);
    expect(bastion.api.output()).not.toMatch(/[?&](code|state|token|access_token|id_token)=[^"&\s]{6}/u);
  });

  test('are in no container: not in what the engine knows of it, not in its processes', () => {
    const ids = bastion.containers();
    expect(ids.length).toBeGreaterThan(0);
    const docker = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8', timeout: 60_000 });
    expect(found(docker('inspect', ...ids))).toEqual([]);
    for (const id of ids) {
      const pids = docker('top', id, '-eo', 'pid').match(/\d+/gu) ?? [];
      expect(pids.length).toBeGreaterThan(0);
      for (const pid of pids) expect([pid, found(shownBy(Number(pid)))]).toEqual([pid, []]);
    }
  });

  test('are in no command line and no environment of ours', () => {
    for (const { pid } of [bastion.api, bastion.gateway]) {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
      expect(environment).toContain('NETPILOT_');
      const inArguments = found(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
      expect(inArguments).toEqual([]);
      expect(found(environment)).toEqual([]);
    }
  });

  /** Command line and environment of a process; empty when it has ended. */
  function shownBy(pid: number): string {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1') + readFileSync(`/proc/${pid}/environ`, 'latin1');
    } catch {
      return '';
    }
  }

  test('are in no file of the run directory, by name or content', () => {
    const files = readdirSync(bastion.runDirectory, { recursive: true, encoding: 'utf8' });
    expect(files.length).toBeGreaterThan(3);
    expect(found(files.join('\n'))).toEqual([]);
    for (const name of files) {
      const path = join(bastion.runDirectory, name);
      if (lstatSync(path).isFile()) expect([name, found(readFileSync(path, 'latin1'))]).toEqual([name, []]);
    }
  });

  test('are in no table as they are, and in no entry of the trail at all', async () => {
    const database = await openDatabase({ url: bastion.database.ownerUrl });
    try {
      const dumps = await database.transaction({ organisations: 'all', userId: null }, async (transaction) => {
        const { sequelize } = database.models.User;
        const select = <T extends object>(text: string) =>
          sequelize?.query<T>(text, { type: QueryTypes.SELECT, transaction }) ?? [];
        const tables = await select<{ name: string }>(
          `select tablename as name from pg_tables where schemaname = 'public'`,
        );
        const all: [string, string][] = [];
        for (const { name } of tables) {
          const rows = await select<{ row: string }>(`select to_jsonb(t)::text as row from "${name}" t`);
          all.push([name, rows.map(({ row }) => row).join('\n')]);
        }
        return all;
      });
      const names = dumps.filter(([, dump]) => dump !== '').map(([name]) => name);
      expect(names).toEqual(expect.arrayContaining(['audit_events', 'bastion_sessions', 'routers', 'refresh_tokens']));
      for (const [name, dump] of dumps) expect([name, found(dump)]).toEqual([name, []]);
      const refresh = alice.jar.get(new URL(bastion.url), 'netpilot_refresh') ?? '';
      const hash = createHash('sha256').update(refresh).digest('hex');
      expect(dumps.find(([name]) => name === 'refresh_tokens')?.[1]).toContain(hash);
    } finally {
      await database.close();
    }
  });

  test('are in no problem, and in no list that people read', async () => {
    expect(problems.length).toBeGreaterThan(10);
    for (const problem of problems)
      expect([problem.slice(0, 200), found(problem)]).toEqual([problem.slice(0, 200), []]);
    for (const path of ['/routers', '/sessions', `/organisations/${organisationId}/audit`, '/auth/sessions', '/me']) {
      expect([path, found(await (await alice.fetch('GET', path)).text())]).toEqual([path, []]);
    }
  });

  test('leave with no core dump, of a sandbox or of the two processes', () => {
    for (const id of bastion.containers()) {
      const limits = execFileSync('docker', ['inspect', '-f', '{{json .HostConfig.Ulimits}}', id], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      expect(JSON.parse(limits)).toContainEqual({ Name: 'core', Soft: 0, Hard: 0 });
    }
    for (const { pid } of [bastion.api, bastion.gateway])
      expect(Number.parseInt(readFileSync(`/proc/${pid}/coredump_filter`, 'utf8'), 16)).toBe(0);
  });
});
