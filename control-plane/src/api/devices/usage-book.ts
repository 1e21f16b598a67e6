import { Op, type Transaction } from 'sequelize';
import type { z } from 'zod';
import type { Database } from '@netpilot/db/database.ts';
import { addUsage, sumUsage, type UsageSum } from '@netpilot/db/usage-samples.ts';
import type { UsageHistory, UsagePeriodName, UsageQuery } from '../../../contract/usage-history.ts';
import type { Actor } from '../access/actor.ts';
import { ProblemError } from '../errors.ts';
import { withRouterOf } from '../routers/with-router.ts';
import type { RouterIdentity } from './device-book.ts';
import { measureUsage, type TimedSnapshot } from './usage-difference.ts';

const PERIODS: Readonly<Record<UsagePeriodName, { readonly unit: 'hour' | 'day'; readonly count: number }>> = {
  day: { unit: 'hour', count: 24 },
  week: { unit: 'day', count: 7 },
  month: { unit: 'day', count: 30 },
};

/** How long samples are kept, in days. */
const KEPT_DAYS = 92;
const DAY_MS = 86_400_000;
/** Snapshots that come sooner are not stored: live rates are read every few seconds. */
const STORED_EVERY_MS = 30_000;
/** A time zone that PostgreSQL does not know. */
const UNKNOWN_TIME_ZONE = '22023';

/** What the devices of routers moved. */
export class UsageBook {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * The period whose end is missing: the counters' period has changed since the snapshot before. Its final counters, if the router still has
   * them, are to be stored first.
   * @returns null when nothing is missing or the snapshot is too soon to be stored.
   */
  async missingPeriod(router: RouterIdentity, later: TimedSnapshot, transaction: Transaction): Promise<string | null> {
    const { earlier } = await this.#before(router, later.source, transaction);
    return earlier !== null && earlier.period !== later.period ? earlier.period : null;
  }

  /** Stores what was moved since the snapshot before. @returns false when that is too short ago. */
  async snapshot(router: RouterIdentity, later: TimedSnapshot, transaction: Transaction): Promise<boolean> {
    const { earlier, countedBefore } = await this.#before(router, later.source, transaction);
    if (earlier !== null && later.at - earlier.at < STORED_EVERY_MS && earlier.period === later.period) return false;
    const measured = measureUsage(earlier, later, countedBefore);
    if (measured !== null) {
      const { devices, startsAt, endsAt } = measured;
      const times = { startsAt: new Date(startsAt), endsAt: new Date(endsAt) };
      await addUsage(this.#database, { ...router, ...times, devices }, transaction);
    }
    await this.#remember(router, later, transaction);
    const old = new Date(later.at - KEPT_DAYS * DAY_MS);
    await this.#database.models.UsageSample.destroy({
      where: { routerId: router.routerId, endsAt: { [Op.lt]: old } },
      transaction,
    });
    return true;
  }

  /** Usage by hour or day and by device. @throws ProblemError `not_found`, `invalid_request` for an unknown time zone. */
  async history(actor: Actor, routerId: string, query: z.output<typeof UsageQuery>): Promise<UsageHistory> {
    const { Device: Devices, UsageCounter: Counters } = this.#database.models;
    const where = { routerId, ...PERIODS[query.period], timeZone: query.timeZone, mac: query.mac ?? null };
    return withRouterOf(this.#database, actor, routerId, 'router.observe', async (_, transaction) => {
      const sums = await sumUsage(this.#database, where, transaction).catch((error: unknown) => {
        if (codeOf(error) === UNKNOWN_TIME_ZONE)
          throw new ProblemError('invalid_request', 'There is no such time zone.');
        throw error;
      });
      const devices = await Devices.findAll({
        attributes: ['mac', 'name', 'hostname'],
        where: { routerId },
        transaction,
      });
      const readAt = await Counters.max<Date | null, InstanceType<typeof Counters>>('at', {
        where: { routerId },
        transaction,
      });
      const names = new Map(devices.map((row) => [row.mac, row.name ?? row.hostname]));
      return presentHistory(query.period, sums, names, readAt === null ? null : new Date(readAt));
    });
  }

  async #before(router: RouterIdentity, source: string, transaction: Transaction) {
    const rows = await this.#database.models.UsageCounter.findAll({
      where: { routerId: router.routerId },
      transaction,
    });
    const same = rows.filter((row) => row.source === source);
    const at = Math.max(...same.map((row) => row.at.getTime()));
    const period = same.find((row) => row.at.getTime() === at)?.period ?? null;
    const earlier: TimedSnapshot | null =
      same.length === 0
        ? null
        : {
            source: source as TimedSnapshot['source'],
            period: period === '' ? null : period,
            at,
            counters: same
              .filter((row) => row.period === period)
              .map(({ mac, downBytes, upBytes }) => ({
                mac,
                downBytes: Number(downBytes),
                upBytes: Number(upBytes),
                connections: null,
              })),
          };
    return { earlier, countedBefore: rows.length > same.length };
  }

  async #remember(router: RouterIdentity, later: TimedSnapshot, transaction: Transaction): Promise<void> {
    const { source, period, counters } = later;
    const at = new Date(later.at);
    await this.#database.models.UsageCounter.bulkCreate(
      counters.map(({ mac, downBytes, upBytes }) => ({
        ...router,
        mac,
        source,
        period: period ?? '',
        downBytes: String(downBytes),
        upBytes: String(upBytes),
        at,
      })),
      {
        updateOnDuplicate: ['period', 'downBytes', 'upBytes', 'at'],
        conflictAttributes: ['routerId', 'mac', 'source'],
        transaction,
      },
    );
  }
}

function presentHistory(
  period: UsagePeriodName,
  sums: readonly UsageSum[],
  names: ReadonlyMap<string, string | null>,
  readAt: Date | null,
): UsageHistory {
  const buckets = new Map<number, UsageHistory['buckets'][number]>();
  const devices = new Map<string, { downBytes: number; upBytes: number }>();
  for (const { startsAt, mac, downBytes, upBytes, estimated } of sums) {
    const bucket = buckets.get(startsAt.getTime());
    buckets.set(startsAt.getTime(), {
      startsAt: startsAt.toISOString(),
      downBytes: downBytes + (bucket?.downBytes ?? 0),
      upBytes: upBytes + (bucket?.upBytes ?? 0),
      estimated: estimated || (bucket?.estimated ?? false),
    });
    if (mac === null) continue;
    const device = devices.get(mac);
    devices.set(mac, {
      downBytes: downBytes + (device?.downBytes ?? 0),
      upBytes: upBytes + (device?.upBytes ?? 0),
    });
  }
  const whole = (moved: { downBytes: number; upBytes: number }) => ({
    downBytes: Math.round(moved.downBytes),
    upBytes: Math.round(moved.upBytes),
  });
  return {
    period,
    from: sums[0]?.startsAt.toISOString() ?? new Date().toISOString(),
    to: sums.at(-1)?.endsAt.toISOString() ?? new Date().toISOString(),
    buckets: [...buckets.values()].map((bucket) => ({ ...bucket, ...whole(bucket) })),
    devices: [...devices]
      .map(([mac, moved]) => ({ mac, name: names.get(mac) ?? null, ...whole(moved) }))
      .sort((one, other) => other.downBytes + other.upBytes - one.downBytes - one.upBytes),
    readAt: readAt?.toISOString() ?? null,
  };
}

function codeOf(error: unknown): unknown {
  return (error as { parent?: { code?: unknown } } | null)?.parent?.code;
}
