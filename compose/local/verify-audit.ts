import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { AuditHead, type AuditVerification } from '@netpilot/control-plane/contract/audit.ts';
import { Id } from '@netpilot/control-plane/contract/identifiers.ts';
import { readTrustedKeys } from '@netpilot/control-plane/src/api/recordings/signing-key.ts';
import { verifyChain } from '@netpilot/control-plane/src/api/audit/verify.ts';
import { type ChainOf, readChains } from '@netpilot/db/audit-chain.ts';
import { type Database, openDatabase } from '@netpilot/db/database.ts';
import { stateDirectory } from './places.ts';
import { RECORDING_KEY } from './secrets.ts';

/** What the program ends with. */
export const EXIT = { intact: 0, broken: 1, unreadable: 3 } as const;

const USAGE = `npm run verify-audit [-- --database FILE] [--key KEYFILE] [--head CHAIN:POSITION:HASH]...

Follows the audit trail of every organisation from its first entry to its last, and says where one was changed, taken out or put elsewhere.
FILE holds the address of the database (as NETPILOT_DATABASE_URL); left out, the installation in this directory, which must be running.
KEYFILE holds the key that signs heads (PEM); left out, the one of this installation. Without any, signatures are not looked at.
A head is what a check has shown before: CHAIN is the id of an organisation, or "platform". It must still be there.
Ends with 0 intact, 1 broken, 3 not readable.
`;

/** The whole system, as the command's user has the key to the database anyway. */
const ALL = { organisations: 'all', userId: null } as const;
const PLATFORM = 'platform';

/**
 * The command behind `npm run verify-audit`.
 * @param args of the command line, without the program.
 * @param say writes one line.
 * @returns the exit code, one of {@link EXIT}.
 */
export async function verifyAudit(args: readonly string[], say: (line: string) => void): Promise<number> {
  let database: Database | null = null;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        database: { type: 'string' },
        key: { type: 'string' },
        head: { type: 'string', multiple: true, default: [] },
      },
    });
    const heads = new Map(values.head.map(readHead));
    const trusted = await trustedKeys(values.key);
    const file = values.database ?? join(stateDirectory(), 'secrets', 'database-url');
    database = await openDatabase({ url: (await readFile(resolve(file), 'utf8')).trim(), poolSize: 1 });
    return await verifyAll(database, heads, trusted, say);
  } catch (error) {
    say(`${(error as Error).message}\n\n${USAGE}`);
    return EXIT.unreadable;
  } finally {
    await database?.close();
  }
}

async function verifyAll(
  database: Database,
  heads: ReadonlyMap<ChainOf, AuditHead>,
  trusted: ReadonlySet<string> | null,
  say: (line: string) => void,
): Promise<number> {
  const there = await database.transaction(ALL, (transaction) => readChains(database, transaction));
  let code: number = EXIT.intact;
  // A chain that was taken away as a whole is missed by its noted head alone.
  for (const chain of new Set([...there, ...heads.keys()])) {
    const found = await verifyChain(database, ALL, chain, { trusted, noted: heads.get(chain) });
    say(tell(chain, found));
    if (!found.intact) code = EXIT.broken;
  }
  if (trusted === null) say('No key is known here: heads were compared, their signatures were not.');
  say(code === EXIT.intact ? 'INTACT' : 'BROKEN');
  return code;
}

function tell(chain: ChainOf, { entries, anchors, head, fault }: AuditVerification): string {
  const name = chain ?? PLATFORM;
  if (fault !== null) {
    const place = fault.position === null ? '' : ` at entry ${fault.position}`;
    return `${name}  BROKEN${place}: ${fault.explanation} Right up to entry ${entries}.`;
  }
  return `${name}  ${entries} entries, ${anchors} signed heads, head ${name}:${head?.position ?? 0}:${head?.hash ?? ''}`;
}

/** @returns null when no key was named and there is none here. */
async function trustedKeys(keyFile: string | undefined): Promise<ReadonlySet<string> | null> {
  if (keyFile !== undefined) return readTrustedKeys(await readFile(resolve(keyFile), 'utf8'));
  const own = await readFile(join(stateDirectory(), 'secrets', RECORDING_KEY), 'utf8').catch(() => null);
  return own === null ? null : readTrustedKeys(own);
}

/** @throws Error for what is not `CHAIN:POSITION:HASH`. */
function readHead(text: string): [ChainOf, AuditHead] {
  const [chain = '', position, hash] = text.split(':');
  const head = AuditHead.safeParse({ position: Number(position), hash });
  if (!head.success || (chain !== PLATFORM && !Id.safeParse(chain).success)) throw new Error(`${text} is no head.`);
  return [chain === PLATFORM ? null : chain, head.data];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const args = process.argv.slice(2).filter((argument, index) => index > 0 || argument !== 'verify-audit');
  process.exitCode = await verifyAudit(args, (line) => process.stdout.write(`${line}\n`));
}
