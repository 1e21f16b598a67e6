import type { Database } from '@netpilot/db/database.ts';
import { PROBE_MS } from './probe.ts';

/**
 * Sessions of the gateway that this process does not know. Several api processes may share one gateway, so not everything that is
 * unknown here is nobody's.
 */
export class Strangers {
  readonly #database: Database;
  /** Since when each is unknown; monotonic, in milliseconds. Holds no more than the gateway has. */
  readonly #since = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Tells which are to be ended. A row that has not ended is another process's session; no row at all may be another's connection
   * test, until that must be over.
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
      return state === undefined ? now - since > PROBE_MS : state === 'ended';
    });
  }
}
