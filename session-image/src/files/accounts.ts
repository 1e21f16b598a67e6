import type { FileRoad } from './file-road.ts';

/** Bytes of each list that are read. */
const MAX_LIST = 262_144;
/** Milliseconds that a listing waits for names. */
const PATIENCE_MS = 10_000;

/** Names of the router's users and groups, from its own lists; read once, and empty where they cannot be read. */
export class Accounts {
  readonly #users: Promise<ReadonlyMap<number, string>>;
  readonly #groups: Promise<ReadonlyMap<number, string>>;

  constructor(road: Pick<FileRoad, 'read'>) {
    this.#users = readList(road, '/etc/passwd');
    this.#groups = readList(road, '/etc/group');
  }

  /** Resolves once both lists are read. */
  async load(): Promise<{
    owner: (uid: number | null) => string | null;
    group: (gid: number | null) => string | null;
  }> {
    const [users, groups] = await Promise.all([this.#users, this.#groups]);
    return {
      owner: (uid) => (uid === null ? null : (users.get(uid) ?? null)),
      group: (gid) => (gid === null ? null : (groups.get(gid) ?? null)),
    };
  }
}

async function readList(road: Pick<FileRoad, 'read'>, path: string): Promise<ReadonlyMap<number, string>> {
  try {
    const { body } = await road.read(Buffer.from(path), { offset: 0, length: MAX_LIST });
    const timer = setTimeout(() => body.destroy(), PATIENCE_MS);
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        length += chunk.length;
        // A router may give more than it was asked for; leaving the loop ends it.
        if (length > MAX_LIST) break;
      }
    } finally {
      clearTimeout(timer);
    }
    return parseAccounts(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return new Map();
  }
}

/** @param text of /etc/passwd or /etc/group (passwd(5), group(5)): the number is the third field of both. The first name of a number wins. */
export function parseAccounts(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name = '', , id = ''] = line.split(':');
    if (!/^[\w.][\w.@$-]{0,31}$/u.test(name) || !/^\d{1,10}$/u.test(id) || names.has(Number(id))) continue;
    names.set(Number(id), name);
  }
  return names;
}
