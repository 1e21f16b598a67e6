import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import ssh2 from 'ssh2';
import type { ClientChannel, Connection, ServerChannel } from 'ssh2';
import { runs } from '@netpilot/control-plane/test/properties.ts';
import { FlowWindow, boundIncoming, boundOutgoing } from './flow-window.ts';

const WINDOW = 524_288;
const INITIAL = 2 * 1_048_576;

describe('a window', () => {
  test.each([
    [0.2, 524_288],
    [16, 524_288],
    [40, 1_310_720],
    [64, INITIAL],
    [900, INITIAL],
    [Number.POSITIVE_INFINITY, INITIAL],
  ])('begins with what a line with a round trip of %s ms takes: %s bytes', (roundTripMs, bytes) => {
    expect(new FlowWindow('incoming', roundTripMs).size).toBe(bytes);
  });

  /** A sender with all that the window lets it have on a line of `rate` bytes a millisecond. @returns the sizes. */
  function transfer(window: FlowWindow, { rate, roundTripMs, ms }: { rate: number; roundTripMs: number; ms: number }) {
    const sizes: number[] = [];
    for (let now = 0; now < ms;) {
      const packet = 32_768;
      now += Math.max(packet / rate, (packet * roundTripMs) / window.size);
      window.moved(packet, now);
      sizes.push(window.size);
    }
    return sizes;
  }

  test.each([
    ['a DSL line', { rate: 1_250, roundTripMs: 20 }, 65_536],
    ['40 Mbit/s', { rate: 5_000, roundTripMs: 16 }, 205_000],
    ['200 Mbit/s', { rate: 25_000, roundTripMs: 10 }, 875_000],
    ['1 Gbit/s far away', { rate: 125_000, roundTripMs: 80 }, INITIAL],
    ['this machine', { rate: 250_000, roundTripMs: 0.3 }, INITIAL],
  ])('comes to what %s moves in its round trip and 25 ms', (_name, line, bytes) => {
    const sizes = transfer(new FlowWindow('incoming', line.roundTripMs), { ...line, ms: 2_000 });
    const settled = sizes.slice(-5);
    for (const size of settled) {
      expect(size).toBeGreaterThanOrEqual(bytes * 0.8);
      expect(size).toBeLessThanOrEqual(bytes * 1.25);
    }
  });

  test('is never less than what OpenSSH gives back at once, on the way out', () => {
    const window = new FlowWindow('outgoing', 5);
    transfer(window, { rate: 100, roundTripMs: 5, ms: 20_000 });
    expect(window.size).toBeGreaterThan(3 * 32_768);
  });

  test('is a whole number of bytes within its bounds and changes by no more than half or the double, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('incoming' as const, 'outgoing' as const),
        fc.double({ min: 0, max: 2_000, noNaN: true }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 4_000_000 }), fc.double({ min: 0, max: 300, noNaN: true }))),
        (direction, roundTripMs, steps) => {
          const window = new FlowWindow(direction, roundTripMs);
          let now = 0;
          for (const [bytes, gap] of steps) {
            now += gap;
            const before = window.size;
            window.moved(bytes, now);
            expect(Number.isInteger(window.size)).toBe(true);
            expect(window.size).toBeGreaterThanOrEqual(Math.max(65_536, before / 2));
            expect(window.size).toBeLessThanOrEqual(Math.min(INITIAL, before * 2));
          }
        },
      ),
      { numRuns: runs(300) },
    );
  });

  test('is as it was when somebody types again after a silence', () => {
    const window = new FlowWindow('incoming', 20);
    for (let now = 0; now < 600_000; now += 1_000) window.moved(600_000, now);
    expect(window.size).toBe(655_360);
  });
});

describe('a channel', () => {
  let server: InstanceType<typeof ssh2.Server>;
  let client: ssh2.Client;
  let serve: (channel: ServerChannel) => void = () => undefined;
  const connections = new Set<Connection>();

  beforeAll(async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = privateKey.export({ format: 'pem', type: 'pkcs1' }) as string;
    server = new ssh2.Server({ hostKeys: [key] }, (connection) => {
      connections.add(connection);
      connection.on('error', () => undefined);
      connection.on('authentication', (context) => context.accept());
      connection.on('session', (accept) => accept().on('exec', (acceptExec) => serve(acceptExec())));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = new ssh2.Client();
    client.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, username: 'root' });
    await once(client, 'ready');
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(async () => {
    client.end();
    for (const connection of connections) connection.end();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  const open = () =>
    new Promise<ClientChannel>((resolve, reject) => {
      client.exec('anything', (error, channel) => {
        if (error) return reject(error);
        boundIncoming(channel, 1);
        resolve(channel);
      });
    });
  const until = async (condition: () => boolean) => {
    while (!condition()) await turn();
  };
  /** Bytes that the server may still send. */
  const roomOf = (channel: ServerChannel) => (channel as unknown as { outgoing: { window: number } }).outgoing.window;
  const grants = () => {
    const { _protocol } = client as unknown as { _protocol: { channelWindowAdjust(id: number, bytes: number): void } };
    return jest.spyOn(_protocol, 'channelWindowAdjust');
  };

  test.each(['output', 'errors'] as const)('brings every byte of its %s, however they are read', async (which) => {
    const bytes = Buffer.alloc(7_000_001, 'abcdefg\n');
    const few = Buffer.from('a few words');
    serve = (channel) => {
      const [first, second] = which === 'output' ? [channel.stderr, channel] : [channel, channel.stderr];
      first.write(few, () => second.write(bytes, () => channel.end()));
    };
    const channel = await open();
    const errors: Buffer[] = [];
    channel.stderr.on('data', (chunk: Buffer) => {
      errors.push(chunk);
      channel.stderr.pause();
      setImmediate(() => channel.stderr.resume());
    });
    const ended = once(channel.stderr, 'end');
    const output: Buffer[] = [];
    for await (const chunk of channel as AsyncIterable<Buffer>) output.push(chunk);
    await ended;
    const [much, little] = which === 'output' ? [output, errors] : [errors, output];
    expect(Buffer.concat(much).equals(bytes)).toBe(true);
    expect(Buffer.concat(little)).toEqual(few);
  });

  test('lets a program that nobody reads no further than the first grant, and later than its window', async () => {
    // Nothing is measured in no time: the window stays as it begins.
    jest.spyOn(performance, 'now').mockReturnValue(0);
    let program: ServerChannel | null = null;
    serve = (channel) => {
      program = channel;
      channel.on('error', () => undefined);
      channel.write(Buffer.alloc(3 * INITIAL, 'y'));
    };
    const channel = await open();
    await until(() => channel.readableLength === INITIAL);
    const adjust = grants();
    let read = (channel.read() as Buffer).length;
    expect(read).toBe(INITIAL);
    await until(() => channel.readableLength === WINDOW);
    expect(adjust.mock.calls.map(([, bytes]) => bytes)).toEqual([WINDOW]);
    expect(program && roomOf(program)).toBe(0);
    // Less than half of the window is not worth a message of its own.
    read += (channel.read(100_000) as Buffer).length;
    expect(adjust).toHaveBeenCalledTimes(1);
    read += (channel.read(200_000) as Buffer).length;
    expect(adjust.mock.calls.map(([, bytes]) => bytes)).toEqual([WINDOW, 300_000]);
    await until(() => channel.readableLength === WINDOW);
    expect(read).toBe(INITIAL + 300_000);
    channel.close();
    channel.resume();
    await once(channel, 'close');
  });

  test('grants nothing once it is closed on our side, while what came before is read', async () => {
    serve = (channel) => {
      channel.on('error', () => undefined);
      channel.write(Buffer.alloc(3 * INITIAL, 'y'));
    };
    const channel = await open();
    await until(() => channel.readableLength === INITIAL);
    const adjust = grants();
    channel.close();
    let left = INITIAL;
    for await (const chunk of channel as AsyncIterable<Buffer>) left -= chunk.length;
    expect(left).toBe(0);
    expect(adjust).not.toHaveBeenCalled();
  });

  test.each([
    ['SSH-2.0-OpenSSH_9.2p1 Debian-2', WINDOW],
    ['SSH-2.0-dropbear_2022.83', INITIAL],
    ['SSH-2.0-ROSSSH', INITIAL],
  ])('has on its way to %s at most %i bytes', async (ident, bytes) => {
    serve = (channel) => channel.on('error', () => undefined);
    const channel = await open();
    boundOutgoing(channel, 1, ident);
    expect((channel as unknown as { outgoing: { window: number } }).outgoing.window).toBe(bytes);
    channel.close();
    channel.resume();
    await once(channel, 'close');
  });

  test('never sends more than an OpenSSH server gave, nor keeps anything back for good', async () => {
    serve = (channel) => channel.on('error', () => undefined);
    const channel = await open();
    boundOutgoing(channel, 3, 'SSH-2.0-OpenSSH_9.2p1');
    const { outgoing } = channel as unknown as { outgoing: { window: number } };
    let now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2 * INITIAL), fc.double({ min: 0, max: 90, noNaN: true }))), (steps) => {
        let unread = 0;
        for (const [wanted, ms] of steps) {
          now += ms;
          const sent = Math.min(wanted, outgoing.window);
          outgoing.window -= sent;
          unread += sent;
          expect(unread).toBeLessThanOrEqual(INITIAL);
          // A program reads all of it; the server gives it back from 96 KB on.
          if (unread <= 98_304) continue;
          outgoing.window += unread;
          unread = 0;
        }
        expect(outgoing.window).toBeGreaterThanOrEqual(131_072 - unread);
        expect(Number.isInteger(outgoing.window)).toBe(true);
        outgoing.window += unread;
      }),
      { numRuns: runs(200) },
    );
    jest.restoreAllMocks();
    channel.close();
    channel.resume();
    await once(channel, 'close');
  });
});
