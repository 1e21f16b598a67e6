import { afterEach, beforeEach, expect, test } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { limitBodies } from './body-deadline.ts';

const DEADLINE_MS = 2_000;
let app: FastifyInstance;
let sockets: Socket[];

beforeEach(async () => {
  sockets = [];
  app = Fastify({ requestTimeout: 0, forceCloseConnections: true });
  limitBodies(app, DEADLINE_MS);
  app.addContentTypeParser('application/octet-stream', (_request, body, done) => done(null, body));
  app.post('/short', async () => 'taken');
  app.post('/long', { config: { longBody: true } }, async ({ body }) => {
    let length = 0;
    for await (const part of body as AsyncIterable<Buffer>) length += part.length;
    return String(length);
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await app.close();
});

/** Sends the head of a request; the test sends the body. */
function begin(path: string, contentType: string, length: number): { socket: Socket; answer: Promise<string> } {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  const answer = new Promise<string>((resolve) => {
    socket.on('data', (part) => (text += part.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${contentType}\r\nContent-Length: ${length}\r\n\r\n`,
  );
  return { socket, answer };
}

test('a body that does not come is cut, also where it may take long', async () => {
  const short = begin('/short', 'application/json', 2);
  const long = begin('/long', 'application/octet-stream', 2);
  expect(await short.answer).not.toContain('200 OK');
  expect(await long.answer).not.toContain('200 OK');
});

test('a body that comes slowly is taken where it may take long, and only there', async () => {
  const short = begin('/short', 'application/json', 12);
  const long = begin('/long', 'application/octet-stream', 12);
  const drip = async (socket: Socket) => {
    for (let sent = 0; sent < 12 && !socket.destroyed; sent += 1) {
      socket.write(' ');
      await delay(DEADLINE_MS / 8);
    }
  };
  await Promise.all([drip(short.socket), drip(long.socket)]);
  expect(await short.answer).not.toContain('200 OK');
  expect(await long.answer).toMatch(/200 OK[\s\S]*\r\n\r\n12$/u);
});
