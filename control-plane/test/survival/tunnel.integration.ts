import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { ExecResult, Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';
import { docker, truthOf } from './truth.ts';

describe('a tunnel that is cut', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let router: TestRouter;

  beforeAll(async () => {
    bastion = await TestBastion.start({ api: { NETPILOT_ROUTER_WAIT_SECONDS: '15' } });
    alice = await bastion.signIn('alice');
    router = await bastion.enrolRouter(alice, (await alice.newOrganisation('One')).id);
  });
  afterAll(() => bastion?.close());

  const cut = async (id: string) => {
    await router.disconnect();
    return eventually('the cut to be told', async () => (await alice.session(id)).reconnecting);
  };
  const back = async (id: string) => {
    await router.connect(alice);
    await eventually('the session to have its router again', async () => {
      const { state, reconnecting, endReason, endDetail } = await alice.session(id);
      if (state === 'ended') throw new Error(`it ended: ${endReason} ${endDetail}`);
      return state === 'live' && reconnecting === null;
    });
  };

  test('the session says that it waits, and is live when the router dials again in time', async () => {
    const { id } = await alice.liveSession(router.id);
    const terminal = await alice.openTerminal(id);
    terminal.type('echo before-$((1 + 1))\n');
    await terminal.sees('before-2');
    const { since, until } = await cut(id);
    expect(Date.parse(until) - Date.parse(since)).toBe(15_000);
    expect((await alice.session(id)).state).toBe('live');
    expect(await alice.refusal('POST', `/sessions/${id}/exec`, { command: 'id' })).toEqual([409, 'session_not_live']);
    expect(await alice.refusal('POST', '/sessions', { routerId: router.id })).toEqual([502, 'router_unreachable']);
    // The program ran on the SSH connection that is gone: its terminal says so, and what it printed stays readable.
    expect(await eventually('the exit', () => terminal.exit)).toMatchObject({ reason: 'connection_lost' });
    expect(await (await alice.attach(id, terminal.id, 0)).sees('before-2')).toContain('before-2');

    await back(id);
    expect(await alice.ask(ExecResult, 'POST', `/sessions/${id}/exec`, { command: 'echo again' })).toMatchObject({
      stdout: 'again\n',
    });
    const next = await alice.openTerminal(id);
    next.type('echo next-$((2 + 2))\n');
    await next.sees('next-4');
    next.close();
    await alice.ask(Session, 'DELETE', `/sessions/${id}`);
    await truthOf(bastion, 0);
  });

  test('flapping leaves the truth, and no connection behind', async () => {
    const { id } = await alice.liveSession(router.id);
    for (let time = 0; time < 5; time += 1) {
      await cut(id);
      await back(id);
    }
    const terminal = await alice.openTerminal(id);
    terminal.type('echo still-$((3 + 3))\n');
    await terminal.sees('still-6');
    const { rows, assignments } = await truthOf(bastion, 1);
    expect(rows).toEqual({ [id]: 'live' });
    const pid = docker('inspect', '--format', '{{.State.Pid}}', assignments[0]?.containerId ?? '').trim();
    const relay = join(bastion.runDirectory, 'sessions', assignments[0]?.sandboxId ?? '', 'tunnel.sock');
    await eventually('one of each connection to be left', async () => {
      const left = {
        tunnels: Number(/^netpilot_gateway_tunnels_up (\d+)$/mu.exec(await metrics(bastion))?.[1]),
        dialled: established(bastion.tunnelPort),
        relayed: connectionsTo(relay, pid),
      };
      if (JSON.stringify(left) === JSON.stringify({ tunnels: 1, dialled: 1, relayed: 1 })) return true;
      throw new Error(JSON.stringify(left));
    });
    await alice.ask(Session, 'DELETE', `/sessions/${id}`);
    await truthOf(bastion, 0);
  });

  test('a router that stays away ends the session as router_lost', async () => {
    const { id } = await alice.liveSession(router.id);
    const terminal = await alice.openTerminal(id);
    await cut(id);
    const ended = await alice.sessionIn(id, 'ended');
    expect(ended).toMatchObject({ endReason: 'router_lost', reconnecting: null });
    expect(ended.endDetail).not.toBeNull();
    expect(await terminal.closed).toBeGreaterThanOrEqual(1000);
    await truthOf(bastion, 0);
    expect(established(bastion.tunnelPort)).toBe(0);
    await router.connect(alice);
    const next = await alice.liveSession(router.id);
    await alice.ask(Session, 'DELETE', `/sessions/${next.id}`);
    await truthOf(bastion, 0);
  });
});

function metrics(bastion: TestBastion): Promise<string> {
  return new Promise((resolve, reject) => {
    const socketPath = join(bastion.runDirectory, 'gateway.sock');
    request({ socketPath, path: '/v1/metrics', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.once('end', () => resolve(text)).once('error', reject);
    })
      .once('error', reject)
      .end();
  });
}

/** Connections that a listener on a port of 127.0.0.1 has: established ones, and those nobody has closed on this side. */
function established(port: number): number {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/u))
    .filter(([, address, , state]) => address === local && (state === '01' || state === '08')).length;
}

/** Accepted connections of a unix socket; they are listed in the network namespace of the process that dialled. */
function connectionsTo(path: string, pid: string): number {
  return readFileSync(`/proc/${pid}/net/unix`, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/u))
    .filter(([, , , , , state, , name]) => name === path && state === '03').length;
}
