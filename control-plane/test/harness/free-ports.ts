import { createServer, type Server } from 'node:net';

/** Below the kernel's ephemeral ports, so that no outgoing connection takes one in between. */
const LOWEST = 12_000;
const HIGHEST = 30_000;

/** @returns the first of `count` neighbouring ports of 127.0.0.1 that were free a moment ago. */
export async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST - count));
    if (await allFree(first, count)) return first;
  }
  throw new Error(`no ${count} neighbouring ports are free`);
}

async function allFree(first: number, count: number): Promise<boolean> {
  for (let port = first; port < first + count; port += 1) {
    if (!(await isFree(port))) return false;
  }
  return true;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server: Server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
