import { foundation } from './0001-foundation.ts';
import { auditChain } from './0002-audit-chain.ts';
import { recordings } from './0003-recordings.ts';
import { oversight } from './0004-oversight.ts';
import { operations } from './0005-operations.ts';
import { files } from './0006-files.ts';
import type { Migration } from './migration.ts';

/** Every migration by name, in order; listed in code so that a bundle holds them. A step that was released is never edited. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-foundation': foundation,
  '0002-audit-chain': auditChain,
  '0003-recordings': recordings,
  '0004-oversight': oversight,
  '0005-operations': operations,
  '0006-files': files,
};
