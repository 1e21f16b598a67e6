import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import type WebSocket from 'ws';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';

/** Sockets that one person may have open to events. */
const SOCKETS_PER_PERSON = 64;
const CLOSED_TOO_MANY = 4429;

interface Siege {
  readonly lift: () => void;
  readonly standing: () => number;
}

describe('floods', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let bob: TestPerson;
  let router: TestRouter;
  const slow: Socket[] = [];

  beforeAll(async () => {
    bastion = await TestBastion.start({ gateway: { NETPILOT_WARM_POOL: '0' } });
    [alice, bob] = [await bastion.signIn('alice'), await bastion.signIn('bob')];
    router = await bastion.enrolRouter(alice, (await alice.newOrganisation('One')).id);
    // Half a header each, from the beginning on: the last test looks whether they were cut.
    for (let index = 0; index < 300; index += 1) {
      const socket = open(Number(new URL(bastion.url).port));
      slow.push(socket);
      // Some say nothing at all, some begin a body that never comes.
      if (index % 3 === 0) socket.write('GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-A: ');
      if (index % 3 === 1) socket.write('GET /api/v1/health/live HTTP/1.1\r\nHos');
    }
  });
  afterAll(async () => {
    for (const socket of slow) socket.destroy();
    await bastion?.close();
  });

  function open(port: number, localAddress = '127.0.0.1'): Socket {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.on('error', () => undefined);
    socket.resume();
    return socket;
  }

  /**
   * Keeps `count` connections to the tunnel server open that prove nothing: each that is cut is dialled again.
   * @returns once all have been let in or turned away; `standing` counts those of the first wave that are still let in.
   */
  async function besiege(count: number, addressOf: (index: number) => string): Promise<Siege> {
    let over = false;
    const sockets = new Map<number, Socket>();
    const answered = new Set<number>();
    const hold = (index: number) => {
      if (over) return;
      const socket = open(bastion.tunnelPort, addressOf(index));
      sockets.set(index, socket);
      socket.once('data', () => answered.add(index));
      socket.once('close', () => {
        answered.add(index);
        setTimeout(() => hold(index), 500);
      });
    };
    for (let index = 0; index < count; index += 1) hold(index);
    const lift = () => {
      over = true;
      for (const socket of sockets.values()) socket.destroy();
    };
    const first = [...sockets.values()];
    await eventually('the siege to stand', () => answered.size === count);
    return { lift, standing: () => first.filter((socket) => socket.bytesRead > 0 && !socket.closed).length };
  }

  test.each<[string, (index: number) => string]>([
    ['one address', () => '127.0.0.9'],
    ['twenty addresses', (index) => `127.0.1.${1 + (index % 20)}`],
  ])('two hundred connections from %s that prove nothing keep no router out', async (_name, addressOf) => {
    await router.disconnect();
    const siege = await besiege(200, addressOf);
    try {
      await router.connect(alice);
      // It did not have to wait until they were cut.
      expect(siege.standing()).toBeGreaterThan(0);
    } finally {
      siege.lift();
    }
  });

  test('three hundred sockets of one person stop at the bound, and others go on', async () => {
    const outcomes = new Map<WebSocket, number | 'open'>();
    const sockets = Array.from({ length: 300 }, () => {
      const socket = alice.webSocket('/events');
      socket.on('error', () => undefined);
      socket.once('message', () => outcomes.set(socket, 'open'));
      socket.once('close', (code) => outcomes.set(socket, code));
      return socket;
    });
    await eventually('every socket to be answered', () => outcomes.size === sockets.length);
    const count = (wanted: number | 'open') => [...outcomes.values()].filter((outcome) => outcome === wanted).length;
    expect([count('open'), count(CLOSED_TOO_MANY)]).toEqual([SOCKETS_PER_PERSON, 300 - SOCKETS_PER_PERSON]);
    const other = bob.webSocket('/events');
    await new Promise((resolve, reject) => other.once('message', resolve).once('error', reject));
    other.terminate();
    expect((await bob.me()).email).toBe('bob@two.test');
    for (const socket of sockets) socket.terminate();
    await eventually('a place to be free again', async () => {
      const again = alice.webSocket('/events');
      const outcome = await new Promise((resolve) => {
        again.on('error', () => undefined);
        again.once('message', () => resolve('open'));
        again.once('close', resolve);
      });
      again.terminate();
      return outcome === 'open';
    });
  });

  test('senders of half a header are cut while others are served', async () => {
    expect((await bob.me()).email).toBe('bob@two.test');
    await eventually('every slow sender to be cut', () => slow.every((socket) => socket.closed));
    expect((await alice.me()).email).toBe('alice@one.test');
  });
});
