import type { Database } from '@netpilot/db/database.ts';
import type { SpeedTest as SpeedTestRow } from '@netpilot/db/models/speed-test.ts';
import type { SpeedTest } from '../../../contract/devices.ts';
import type { Actor } from '../access/actor.ts';
import { NEWEST_FIRST, afterCursor, toPage } from '../http/pages.ts';
import { withRouterOf } from '../routers/with-router.ts';

/** What was measured of the lines of routers. */
export class SpeedTestBook {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The measurements of a router, newest first. @throws ProblemError `not_found`. */
  async list(actor: Actor, routerId: string, query: { cursor?: string | undefined; limit: number }) {
    const rows = await withRouterOf(this.#database, actor, routerId, 'router.observe', (_, transaction) =>
      this.#database.models.SpeedTest.findAll({
        where: { routerId, ...afterCursor(query.cursor) },
        order: NEWEST_FIRST,
        limit: query.limit + 1,
        transaction,
      }),
    );
    return toPage(rows, query.limit, (row) => row.createdAt, present);
  }
}

function present(row: SpeedTestRow): SpeedTest {
  const { id, tool, server, downMbps, upMbps, pingMs, jitterMs, userName } = row;
  return { id, tool, server, downMbps, upMbps, pingMs, jitterMs, userName, createdAt: row.createdAt.toISOString() };
}
