import type { Database } from '@netpilot/db/database.ts';

/** A process that is being replaced has this long to end its connection tests, in milliseconds; they leave no row. */
const OVERLAP_MS = 5_000;

/**
 * Sessions of the gateway that this process does not know. While one api process replaces another on its run directory
 * (`docs/adr/0006`), not everything that is unknown here is nobody's.
 */
export class Strangers {
  readonly #database: Database;
  /** Since when each is unknown; monotonic, in milliseconds. Holds no more than the gateway has. */
  readonly #since = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Tells which are to be ended. A row that has not ended is another process's session; no row at all is a connection test, whose
   * process may just be ending it.
   * @param ids every gateway session that this process does not know.
   */
  async nobodys(ids: readonly string[]): Promise<string[]> {
    for (const id of this.#since.keys()) if (!ids.includes(id)) this.#since.delete(id);
    if (ids.length === 0) return [];
    const { BastionSession } = this.#database.models;
    const rows = await this.#database.transaction({ organisations: 'all', userId: null }, (transaction) =>
      BastionSession.findAll({ attributes: ['id', 'state'], where: { id: [...ids] }, transaction }),
    );
    const states = new Map(rows.map(({ id, state }) => [id, state]));
    const now = performance.now();
    return ids.filter((id) => {
      const since = this.#since.get(id) ?? now;
      this.#since.set(id, since);
      const state = states.get(id);
      return state === undefined ? now - since > OVERLAP_MS : state === 'ended';
    });
  }
}
