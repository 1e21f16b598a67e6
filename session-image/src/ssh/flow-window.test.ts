import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import ssh2 from 'ssh2';
import type { ClientChannel, Connection, ServerChannel } from 'ssh2';
import { boundIncoming, boundOutgoing, windowFor } from './flow-window.ts';

const WINDOW = 524_288;
const INITIAL = 2 * 1_048_576;

describe('windowFor', () => {
  test.each([
    [0.2, 524_288],
    [16, 524_288],
    [40, 1_310_720],
    [64, INITIAL],
    [900, INITIAL],
    [Number.POSITIVE_INFINITY, INITIAL],
  ])('gives a line with a round trip of %s ms %s bytes', (roundTripMs, bytes) => {
    expect(windowFor(roundTripMs)).toBe(bytes);
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
        boundIncoming(channel, WINDOW);
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
    boundOutgoing(channel, WINDOW, ident);
    expect((channel as unknown as { outgoing: { window: number } }).outgoing.window).toBe(bytes);
    channel.close();
    channel.resume();
    await once(channel, 'close');
  });
});
