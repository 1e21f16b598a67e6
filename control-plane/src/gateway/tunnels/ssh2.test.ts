import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

/** The gateway's order: dockerode, which loads ssh2 for itself, then ours. */
const PROGRAM = `
import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import 'dockerode';
const fill = crypto.randomFillSync;
let calls = 0;
crypto.randomFillSync = (...values) => (calls += 1, fill(...values));
await import('./src/gateway/tunnels/ssh2.ts');
const { NullCipher } = createRequire(process.cwd() + '/package.json')('ssh2/lib/protocol/crypto.js');
const cipher = new NullCipher(0, () => {});
const paddings = new Set();
for (let packet = 0; packet < 1000; packet += 1) paddings.add(cipher.allocPacket(1000).subarray(1005).toString('hex'));
console.log(JSON.stringify({ calls, paddings: paddings.size }));
`;

test('ssh2 takes its padding from the pool, though dockerode has loaded it before', async () => {
  const control = new URL('../../..', import.meta.url);
  const argv = ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: control });
  const { calls, paddings } = JSON.parse(stdout) as { calls: number; paddings: number };
  expect(calls).toBe(1);
  expect(paddings).toBeGreaterThan(990);
});
