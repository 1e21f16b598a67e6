import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recorder } from '@netpilot/control-plane/src/api/recordings/recorder.ts';
import { RecordingFile } from '@netpilot/control-plane/src/api/recordings/recording-file.ts';
import { beginRecording } from '@netpilot/control-plane/src/api/recordings/recording-position.ts';
import { createSigningKey } from '@netpilot/control-plane/src/api/recordings/signing-key.ts';
import { testHeader } from '@netpilot/control-plane/src/api/recordings/test-header.ts';
import { EXIT, verifyRecording } from './verify-recording.ts';

let directory: string;
let recording: string;
let keyFile: string;
let strangerFile: string;
let rawFile: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'netpilot-verify-'));
  const place = (name: string) => join(directory, name);
  const pem = () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  [recording, keyFile, strangerFile, rawFile] = ['a.cast', 'key', 'stranger', 'raw'].map(place) as [
    string,
    string,
    string,
    string,
  ];
  writeFileSync(keyFile, pem());
  writeFileSync(strangerFile, pem());
  const key = createSigningKey(readFileSync(keyFile, 'utf8'));
  writeFileSync(rawFile, `${key.publicKey}\n`);
  const file = await RecordingFile.create(recording);
  const router = { id: null, name: 'edge \u001b]0;title\u0007' };
  const position = await beginRecording(file, testHeader({ router }));
  const recorder = new Recorder({ file, position, key, maxBytes: 1e9, onTrouble: () => {} });
  await recorder.append(Buffer.from('evidence\r\n'));
  await recorder.finish(null);
  // No installation of this machine is asked for its key.
  process.env['NETPILOT_STATE_DIRECTORY'] = place('nowhere');
});
afterAll(() => {
  delete process.env['NETPILOT_STATE_DIRECTORY'];
  rmSync(directory, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<{ code: number; said: string }> {
  const lines: string[] = [];
  const code = await verifyRecording(args, (line) => lines.push(line));
  return { code, said: lines.join('\n') };
}

test('a recording that is intact says so, and who was recorded', async () => {
  for (const key of [keyFile, rawFile]) {
    const { code, said } = await run(recording, '--key', key);
    expect(code).toBe(EXIT.intact);
    expect(said).toMatch(/^INTACT .*10 bytes of output/mu);
    expect(said).toContain('Alice');
    // A name steers no terminal.
    expect(said).not.toContain('\u001b');
  }
});

test('without a key nobody is believed', async () => {
  expect(await run(recording)).toMatchObject({ code: EXIT.unknownSigner, said: expect.stringContaining('SHA256:') });
  expect(await run(recording, '--key', strangerFile)).toMatchObject({
    code: EXIT.broken,
    said: expect.stringContaining('not the one given'),
  });
});

test('one that was changed or cut is not intact', async () => {
  const whole = readFileSync(recording, 'utf8');
  writeFileSync(recording, whole.replace('evidence', 'innocent'));
  expect(await run(recording, '--key', keyFile)).toMatchObject({
    code: EXIT.broken,
    said: expect.stringContaining('bytes were changed'),
  });
  writeFileSync(recording, whole);
  truncateSync(recording, whole.length - 5);
  expect(await run(recording, '--key', keyFile)).toMatchObject({ code: EXIT.open });
  writeFileSync(recording, whole);
});

test('what cannot be read is said', async () => {
  expect((await run()).said).toContain('npm run verify-recording FILE');
  expect((await run('--nonsense', recording)).code).toBe(EXIT.unreadable);
  expect((await run(join(directory, 'missing'))).code).toBe(EXIT.unreadable);
  expect((await run(recording, '--key', recording)).code).toBe(EXIT.unreadable);
});
