import { access } from './0001-foundation/access.ts';
import { changes } from './0001-foundation/changes.ts';
import { tables } from './0001-foundation/tables.ts';
import type { Migration } from './migration.ts';

const parts = [tables, access, changes];

/** Tenants, people, routers, sign-in, sessions and audit, with row-level security and change notifications. */
export const foundation: Migration = {
  async up(client) {
    for (const part of parts) await client.query(part.up);
  },
  async down(client) {
    for (const part of parts.toReversed()) await client.query(part.down);
  },
};
