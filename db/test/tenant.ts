import { randomUUID } from 'node:crypto';
import { Client } from 'pg';

/** Connects, runs, disconnects; `settings` are those of the session, as a transaction's scope would set them. */
export async function asRole<T>(
  url: string,
  settings: { organisations?: string; userId?: string },
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(`select set_config('app.organisations', $1, false), set_config('app.user_id', $2, false)`, [
      settings.organisations ?? '',
      settings.userId ?? '',
    ]);
    return await work(client);
  } finally {
    await client.end();
  }
}

export interface Tenant {
  organisationId: string;
  userId: string;
  routerId: string;
  loginSessionId: string;
}

/** One organisation with a row in every tenant table and every person table. */
export async function seedTenant(ownerUrl: string, name = 'tenant'): Promise<Tenant> {
  const tenant = {
    organisationId: randomUUID(),
    userId: randomUUID(),
    routerId: randomUUID(),
    loginSessionId: randomUUID(),
  };
  const { organisationId, userId, routerId, loginSessionId } = tenant;
  await asRole(ownerUrl, { organisations: 'all' }, async (client) => {
    const insert = (table: string, row: Record<string, unknown>) =>
      client.query(
        `insert into ${table} (${Object.keys(row).join(', ')}) values (${Object.keys(row)
          .map((_, at) => `$${at + 1}`)
          .join(', ')})`,
        Object.values(row),
      );
    await insert('organisations', { id: organisationId, name });
    await insert('users', { id: userId, issuer: 'https://idp.test', subject: userId, name });
    await insert('memberships', { organisation_id: organisationId, user_id: userId, role: 'owner' });
    await insert('routers', {
      id: routerId,
      organisation_id: organisationId,
      owner_id: userId,
      name,
      user_name: 'root',
      attachment: 'enrolled',
      authentication: 'bastion_key',
      tunnel_key: `ssh-ed25519 ${routerId}`,
      credential: Buffer.from('sealed'),
    });
    await insert('login_sessions', { id: loginSessionId, user_id: userId, expires_at: new Date('2099-01-01') });
    await insert('refresh_tokens', {
      login_session_id: loginSessionId,
      token_hash: Buffer.from(loginSessionId),
      expires_at: new Date('2099-01-01'),
    });
    const sessionId = randomUUID();
    await insert('bastion_sessions', {
      id: sessionId,
      organisation_id: organisationId,
      router_id: routerId,
      router_name: name,
      user_id: userId,
      user_name: name,
      state: 'live',
    });
    await insert('recordings', {
      organisation_id: organisationId,
      session_id: sessionId,
      terminal_id: 1,
      router_id: routerId,
      router_name: name,
      user_id: userId,
      user_name: name,
    });
    await insert('file_versions', {
      organisation_id: organisationId,
      router_id: routerId,
      path_hash: Buffer.alloc(32),
      path: '/etc/config/network',
      size: 0,
      sha256: '0'.repeat(64),
      sealed: Buffer.from('sealed'),
      user_id: userId,
      user_name: name,
    });
    await insert('file_usage', { user_id: userId, day: '2026-01-01', bytes: 1 });
    await insert('locks', {
      organisation_id: organisationId,
      target: 'role',
      role: 'viewer',
      target_name: 'viewer',
      message: 'Under repair.',
      created_by: userId,
      created_by_name: name,
    });
    await insert('audit_events', { organisation_id: organisationId, action: 'organisation_created' });
    await insert('audit_anchors', {
      organisation_id: organisationId,
      position: 1,
      hash: Buffer.alloc(32),
      signed_at: new Date(),
      key_id: 'test',
      signature: Buffer.alloc(64),
    });
    const ofRouter = { organisation_id: organisationId, router_id: routerId };
    const counted = { ...ofRouter, mac: 'aa:bb:cc:dd:ee:01', down_bytes: 1, up_bytes: 1 };
    await insert('devices', { ...ofRouter, mac: counted.mac });
    await insert('router_policies', { ...ofRouter, kind: 'block', subject: counted.mac, desired: {} });
    await insert('usage_counters', { ...counted, source: 'nlbwmon', period: '', at: new Date() });
    await insert('usage_samples', { ...counted, starts_at: new Date(0), ends_at: new Date() });
    await insert('speed_tests', {
      ...ofRouter,
      tool: 'librespeed-cli',
      down_mbps: 1,
      up_mbps: 1,
      user_name: name,
    });
    await insert('operation_runs', { ...ofRouter, user_id: userId, user_name: name, operation: 'scan', state: 'done' });
  });
  return tenant;
}
