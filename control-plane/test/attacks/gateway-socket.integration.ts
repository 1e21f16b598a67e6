import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { GATEWAY_PATHS, type GatewayCall, GatewayProblem, MAX_GATEWAY_CALL } from '../../contract/gateway.ts';
import { PROGRAMS } from '@netpilot/compose/local/bundle.ts';
import { runs } from '../properties.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';

/** Runs of each property: every one is a connection to the real process. */
const RUNS = { numRuns: runs(150) };

describe('a stolen api', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let socketPath: string;
  let containers: string[];
  let pid: number;

  beforeAll(async () => {
    bastion = await TestBastion.start();
    alice = await bastion.signIn('alice');
    const router = await bastion.enrolRouter(alice, (await alice.newOrganisation('One')).id);
    await alice.liveSession(router.id);
    socketPath = join(bastion.runDirectory, 'gateway.sock');
    // One serves the session, one is warm.
    await eventually('both containers to run', () => bastion.containers().length === 2);
    containers = bastion.containers().sort();
    pid = bastion.gateway.pid;
  });
  afterAll(() => bastion?.close());

  function ask(
    method: string,
    path: string,
    body: string | Uint8Array = '',
  ): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath, method, path, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.once('error', reject);
      });
      sent.once('error', reject);
      sent.end(body);
    });
  }
  const call = (body: string | Uint8Array) => ask('POST', GATEWAY_PATHS.call, body);
  async function isRefused(body: string | Uint8Array): Promise<void> {
    const { status, text } = await call(body);
    expect([status, GatewayProblem.parse(JSON.parse(text)).code]).toEqual([400, 'invalid_call']);
  }
  const id = randomUUID();
  const start = { verb: 'start_session', sessionId: id, organisationId: id, userId: id, routerId: id, priority: 3 };
  const calls = [
    { verb: 'health' },
    { verb: 'allocate_port', routerId: id },
    { verb: 'drop_tunnel', routerId: id },
    start,
    { verb: 'end_session', sessionId: id },
    { verb: 'list' },
  ] as GatewayCall[];
  const anyCall = fc.constantFrom(...calls);

  test('can add nothing to a call: no image, mount, command, privilege, host or port', async () => {
    const known = [
      'image',
      'Image',
      'binds',
      'Mounts',
      'command',
      'Cmd',
      'env',
      'Env',
      'privileged',
      'HostConfig',
      'capAdd',
      'network',
      'host',
      'port',
      'user',
      'devices',
      'path',
      'directory',
      'instance',
      'constructor',
      'toString',
    ];
    await fc.assert(
      fc.asyncProperty(
        anyCall,
        fc.oneof(fc.constantFrom(...known), fc.string({ minLength: 1 })),
        fc.jsonValue(),
        async (good, key, value) => {
          fc.pre(!(key in good) || Object.hasOwn({}, key));
          fc.pre(key !== '__proto__' && !Object.hasOwn(good, key));
          await isRefused(JSON.stringify({ ...good, [key]: value }));
        },
      ),
      RUNS,
    );
    await isRefused('{"verb":"list","__proto__":{"image":"evil"}}');
  });

  test('can put nothing but a UUID where an id belongs', async () => {
    const strange = [
      '../../etc/passwd',
      '..%2f..',
      '/etc/shadow',
      `${id}/../x`,
      `${id}\0`,
      `${id}\n`,
      `{${id}}`,
      id.replaceAll('-', ''),
      '*',
      '',
      ' ',
      '$(id)',
      '; id',
      '-v',
      '0',
      'null',
      `${id} --privileged`,
    ];
    const value = fc.oneof(fc.constantFrom<unknown>(...strange), fc.string(), fc.jsonValue());
    const fields = ['sessionId', 'organisationId', 'userId', 'routerId'] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...calls.slice(1, 5)),
        fc.constantFrom(...fields),
        value,
        async (good, field, bad) => {
          fc.pre(field in good);
          await isRefused(JSON.stringify({ ...good, [field]: bad }));
        },
      ),
      RUNS,
    );
    for (const priority of [-1, 10, 0.5, '3', null, 1e300, [3]])
      await isRefused(JSON.stringify({ ...start, priority }));
  });

  test('can say no other verb, and nothing that is not a call', async () => {
    const verb = fc.oneof(
      fc.constantFrom('exec', 'run', 'create', 'start_container', 'pull', '__proto__', 'constructor', 'toString'),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(anyCall, verb, async (good, other) => {
        fc.pre(!calls.some((one) => one.verb === other));
        await isRefused(JSON.stringify({ ...good, verb: other }));
      }),
      RUNS,
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 500 }), fc.json()), async (body) => isRefused(body)),
      RUNS,
    );
  });

  test('finds no path but those of the contract', async () => {
    const paths = [
      '/',
      '/containers/json',
      '/v1.41/containers/create',
      '/v1/call/',
      '/v1/call/../call',
      '/v1//call',
      '/V1/call',
      '/v1/call?x=1',
      '/images/create',
      '/v1/exec',
      '/v1/%63all',
    ];
    for (const path of paths)
      expect([path, (await ask('POST', path, JSON.stringify({ verb: 'list' }))).status]).toEqual([path, 400]);
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
      expect([method, (await ask(method, GATEWAY_PATHS.call)).status]).toEqual([method, 400]);
  });

  test('cannot fill its memory: a body ends at its bound', async () => {
    await isRefused(`{"verb":"list"${' '.repeat(MAX_GATEWAY_CALL)}}`);
    await isRefused(`${'['.repeat(MAX_GATEWAY_CALL)}`);
    // An endless body is cut, not read.
    await new Promise<void>((resolve) => {
      const socket = connect(socketPath);
      let sent = 0;
      const more = () => {
        sent += 65_536;
        if (sent > 512 * 1_048_576) socket.destroy(new Error('it read half a gigabyte'));
        else if (socket.write(Buffer.alloc(65_536, ' '))) setImmediate(more);
      };
      socket.on('drain', more);
      socket.on('error', () => undefined);
      socket.resume();
      socket.once('close', () => {
        expect(sent).toBeLessThan(64 * 1_048_576);
        resolve();
      });
      socket.write(`POST ${GATEWAY_PATHS.call} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n20000000\r\n`);
      more();
    });
  });

  test('leaves it as it was: the same process, the same containers, the same session', async () => {
    expect((await call(JSON.stringify({ verb: 'list' }))).status).toBe(200);
    expect(bastion.gateway.pid).toBe(pid);
    expect(bastion.gateway.running).toBe(true);
    expect(bastion.containers().sort()).toEqual(containers);
    expect(bastion.gateway.output()).not.toMatch(/"level":60/u);
  });

  test('is the only one to get there: the socket is its owner’s and its group’s', () => {
    const { mode } = statSync(socketPath);
    expect([statSync(socketPath).isSocket(), mode & 0o777]).toEqual([true, 0o660]);
  });

  test('has no way to the engine of its own', async () => {
    const far = () => {
      const rows = execFileSync('ss', ['-xpnH'], { encoding: 'utf8', timeout: 20_000 })
        .split('\n')
        .map((line) => /(?<path>\S+) (?<inode>\d+)\s+\S+ (?<peer>\d+)(?<users>.*)$/u.exec(line)?.groups ?? {});
      const pathOf = new Map(rows.map(({ inode, path }) => [inode, path]));
      /** Paths of the sockets that a process is connected to. */
      return (process_: number) =>
        rows.filter(({ users }) => users?.includes(`pid=${process_},`)).flatMap(({ peer }) => pathOf.get(peer) ?? []);
    };
    // The gateway holds the engine's event stream and the api the gateway's: what is looked at shows what is there.
    const connected = await eventually('the gateway to hold the engine', () => {
      const now = far();
      return now(bastion.gateway.pid).some((path) => path.endsWith('docker.sock')) ? now : null;
    });
    const ofApi = connected(bastion.api.pid);
    expect(ofApi).toContain(socketPath);
    expect(ofApi.filter((path) => /docker|containerd/u.test(path))).toEqual([]);
    expect(readFileSync(PROGRAMS.api.bundle, 'utf8')).not.toMatch(/dockerode|docker\.sock/u);
  });
});
