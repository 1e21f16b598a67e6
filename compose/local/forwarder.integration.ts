import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { startForwarder } from './forwarder.ts';

test('a forwarder carries both directions, half-closes included, and lets go of everything', async () => {
  // Answers only after the other side has finished: a forwarder that loses the half-close would wait for ever.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('end', () => socket.end(text.toUpperCase()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const forwarder = await startForwarder(
    { host: '127.0.0.2', port: 0 },
    typeof address === 'object' && address !== null ? address.port : 0,
  );
  try {
    const client = connect({ host: '127.0.0.2', port: forwarder.port, allowHalfOpen: true });
    let answer = '';
    client.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    client.end('hello');
    await once(client, 'close');
    expect(answer).toBe('HELLO');

    const open = connect({ host: '127.0.0.2', port: forwarder.port });
    open.on('error', () => {});
    await once(open, 'connect');
    open.write('x');
    const gone = new Promise((resolve) => {
      open.once('close', resolve);
    });
    await forwarder.close();
    await gone;
  } finally {
    await forwarder.close();
    server.close();
  }
});
