import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AuditAnchors } from '@netpilot/control-plane/src/api/audit/anchors.ts';
import { createAuditLog } from '@netpilot/control-plane/src/api/audit/audit-log.ts';
import { createSigningKey } from '@netpilot/control-plane/src/api/recordings/signing-key.ts';
import { openDatabase } from '@netpilot/db/database.ts';
import type { EmbeddedPostgres, FreshDatabase } from '@netpilot/db/embedded.ts';
import { asRole } from '@netpilot/db/test/tenant.ts';
import { startTestPostgres } from '@netpilot/db/test/test-postgres.ts';
import { EXIT, verifyAudit } from './verify-audit.ts';

const organisationId = randomUUID();
let server: EmbeddedPostgres;
let fresh: FreshDatabase;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'netpilot-verify-audit-'));
  server = await startTestPostgres();
  fresh = await server.freshDatabase();
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  writeFileSync(join(directory, 'key'), pem);
  writeFileSync(join(directory, 'url'), `${fresh.apiUrl}\n`);
  const database = await openDatabase({ url: fresh.apiUrl });
  const anchors = new AuditAnchors({ database, key: createSigningKey(pem), log: { info() {}, warn() {} } });
  const log = createAuditLog(database, anchors);
  for (const chain of [organisationId, null, organisationId]) {
    await log.record({ action: 'sign_in', organisationId: chain, actor: null });
  }
  await anchors.close();
  await database.close();
});
afterAll(async () => {
  await server?.destroy();
  rmSync(directory, { recursive: true, force: true });
});

async function run(...more: string[]): Promise<{ code: number; said: string }> {
  const lines: string[] = [];
  const place = (name: string) => join(directory, name);
  const code = await verifyAudit(['--database', place('url'), '--key', place('key'), ...more], (line) =>
    lines.push(line),
  );
  return { code, said: lines.join('\n') };
}

test('tells of every chain, and finds a change that leaves the rest as it was', async () => {
  const { code, said } = await run();
  expect([code, said]).toEqual([EXIT.intact, expect.stringContaining('platform  1 entries, 1 signed heads')]);
  const head = new RegExp(`${organisationId}:2:[0-9a-f]{64}`, 'u').exec(said)?.[0] ?? '';
  expect((await run('--head', head)).code).toBe(EXIT.intact);
  expect(await run('--head', head.replace(':2:', ':3:'))).toMatchObject({
    code: EXIT.broken,
    said: expect.stringContaining('The end of the chain is gone'),
  });
  await asRole(fresh.superuserUrl, { organisations: 'all' }, async (client) => {
    await client.query(`alter table audit_events disable trigger all`);
    await client.query(`update audit_events set actor_name = 'Nobody' where organisation_id = $1`, [organisationId]);
  });
  expect(await run()).toMatchObject({
    code: EXIT.broken,
    said: expect.stringMatching(/BROKEN at entry 1: .*\n.*BROKEN/su),
  });
});

test('what cannot be read is said, with how it is used', async () => {
  for (const wrong of [['--head', 'nonsense'], ['--database', '/nowhere'], ['--unknown']]) {
    expect(await run(...wrong)).toMatchObject({
      code: EXIT.unreadable,
      said: expect.stringContaining('npm run verify-audit'),
    });
  }
});
