import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { escapeLiteral } from 'pg';
import type { ClientBase } from 'pg';

export interface RolePasswords {
  api?: string;
  gateway?: string;
}

const ITERATIONS = 4_096;

/**
 * Creates the roles of api and gateway when they are missing (they belong to the server, not to one database) and sets the
 * passwords given. The server is told a SCRAM verifier, so no password can reach its log.
 * @throws Error when a role of that name may bypass row-level security, or a password is not printable ASCII.
 */
export async function ensureRoles(client: ClientBase, passwords: RolePasswords = {}): Promise<void> {
  for (const [role, password] of [
    ['netpilot_api', passwords.api],
    ['netpilot_gateway', passwords.gateway],
  ] as const) {
    // Roles are shared by all databases of a server: two migrations at once may both find one missing.
    await client.query(`do $$ begin
      if not exists (select from pg_roles where rolname = '${role}') then
        create role ${role} login nosuperuser nocreatedb nocreaterole noinherit nobypassrls noreplication;
      end if;
    exception when duplicate_object or unique_violation then null;
    end $$`);
    const { rows } = await client.query<{ strong: boolean }>(
      'select rolsuper or rolbypassrls or rolcreaterole as strong from pg_roles where rolname = $1',
      [role],
    );
    if (rows[0]?.strong !== false)
      throw new Error(`the role ${role} may bypass row-level security: refusing to use it`);
    if (password !== undefined) {
      await client.query(`alter role ${role} password ${escapeLiteral(await scramVerifier(password))}`);
    }
  }
}

/**
 * What PostgreSQL keeps of a password (RFC 5803; SCRAM-SHA-256, RFC 7677); as a role's password it is taken as it is.
 * @throws Error when the password is not 1 to 256 printable ASCII characters.
 */
export async function scramVerifier(password: string): Promise<string> {
  // Plain ASCII needs no SASLprep (RFC 4013), so both sides agree on its bytes.
  if (!/^[\u0020-\u007e]{1,256}$/u.test(password))
    throw new Error('a role password must be 1 to 256 printable ASCII characters');
  const salt = randomBytes(16);
  const salted = await promisify(pbkdf2)(password, salt, ITERATIONS, 32, 'sha256');
  const key = (name: string) => createHmac('sha256', salted).update(name).digest();
  const stored = createHash('sha256').update(key('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored}:${key('Server Key').toString('base64')}`;
}
