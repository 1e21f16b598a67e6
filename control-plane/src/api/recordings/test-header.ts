import { randomUUID } from 'node:crypto';
import type { CastHeader } from './cast-format.ts';

/** The first line of a recording that a test, or the bench, makes up: Alice, at a router named `edge`. @param of what is said of it otherwise. */
export function testHeader(of: Partial<CastHeader['netpilot']> = {}): CastHeader {
  return {
    version: 2,
    width: 80,
    height: 24,
    timestamp: Date.now() / 1_000,
    title: 'edge — Alice',
    env: { TERM: 'xterm-256color' },
    netpilot: {
      format: 1,
      recording: randomUUID(),
      organisation: randomUUID(),
      router: { id: randomUUID(), name: 'edge' },
      session: randomUUID(),
      terminal: 1,
      user: { id: randomUUID(), name: 'Alice' },
      image: 'sha256:0',
      input: false,
      ...of,
    },
  };
}
