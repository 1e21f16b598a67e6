import { QueryTypes } from 'sequelize';
import type { Transaction } from 'sequelize';
import type { Database } from './database.ts';

/** What devices of one router moved from `startsAt` to `endsAt`. */
export interface UsageInterval {
  organisationId: string;
  routerId: string;
  startsAt: Date;
  endsAt: Date;
  devices: readonly { mac: string; downBytes: number; upBytes: number }[];
}

/**
 * Adds an interval. Where a device's last sample ends where this one starts, within the same hour, they become one: a page that is open
 * all day leaves a sample an hour.
 */
export async function addUsage(database: Database, interval: UsageInterval, transaction: Transaction): Promise<void> {
  const { organisationId, routerId, startsAt, endsAt } = interval;
  await query(
    database,
    `with moved as (
       select mac, down, up from jsonb_to_recordset($5::jsonb) as d (mac macaddr, down bigint, up bigint)
     ), grown as (
       update usage_samples s set ends_at = $4, down_bytes = s.down_bytes + m.down, up_bytes = s.up_bytes + m.up
       from moved m
       where s.router_id = $2 and s.mac = m.mac and s.ends_at = $3
         and date_trunc('hour', s.starts_at, 'UTC') = date_trunc('hour', $3::timestamptz, 'UTC')
       returning s.mac
     )
     insert into usage_samples (organisation_id, router_id, mac, starts_at, ends_at, down_bytes, up_bytes)
     select $1, $2, mac, $3, $4, down, up from moved where mac not in (select mac from grown)
     on conflict (router_id, mac, starts_at) do update set ends_at = greatest(usage_samples.ends_at, excluded.ends_at),
       down_bytes = usage_samples.down_bytes + excluded.down_bytes, up_bytes = usage_samples.up_bytes + excluded.up_bytes`,
    [
      organisationId,
      routerId,
      startsAt,
      endsAt,
      JSON.stringify(interval.devices.map(({ mac, downBytes, upBytes }) => ({ mac, down: downBytes, up: upBytes }))),
    ],
    transaction,
  );
}

export interface UsageSum {
  /** Begin of the bucket. */
  startsAt: Date;
  endsAt: Date;
  /** Null for all devices together in a bucket that none of them filled. */
  mac: string | null;
  downBytes: number;
  upBytes: number;
  /** Some of it is an even share of a sample that is longer than the bucket. */
  estimated: boolean;
}

/**
 * The bytes of each device in each of the last `count` hours or days of a time zone, the running one included. A sample that reaches over an
 * edge is shared out evenly over its time.
 * @throws what the database says of a time zone that it does not know (code 22023).
 */
export async function sumUsage(
  database: Database,
  where: { routerId: string; unit: 'hour' | 'day'; count: number; timeZone: string; mac: string | null },
  transaction: Transaction,
): Promise<UsageSum[]> {
  const rows = await query<Omit<UsageSum, 'downBytes' | 'upBytes'> & { downBytes: string; upBytes: string }>(
    database,
    `with buckets as (
       select (this - make_interval(days => case $2::text when 'day' then n else 0 end, hours => case $2::text when 'hour' then n else 0 end))
                at time zone $4::text as starts,
              (this - make_interval(days => case $2::text when 'day' then n - 1 else 0 end, hours => case $2::text when 'hour' then n - 1 else 0 end))
                at time zone $4::text as ends
       from generate_series(0, $3::integer - 1) n, (select date_trunc($2::text, now() at time zone $4::text) as this) t
     )
     select b.starts as "startsAt", b.ends as "endsAt", p.mac, coalesce(sum(p.down_bytes * p.share), 0) as "downBytes",
            coalesce(sum(p.up_bytes * p.share), 0) as "upBytes", coalesce(bool_or(p.long), false) as estimated
     from buckets b left join lateral (
       select s.mac, s.down_bytes, s.up_bytes, s.ends_at - s.starts_at > b.ends - b.starts as long,
              extract(epoch from least(s.ends_at, b.ends) - greatest(s.starts_at, b.starts))
                / extract(epoch from s.ends_at - s.starts_at) as share
       from usage_samples s
       where s.router_id = $1 and s.starts_at < b.ends and s.ends_at > b.starts and ($5::macaddr is null or s.mac = $5::macaddr)
     ) p on true
     group by b.starts, b.ends, p.mac order by b.starts`,
    [where.routerId, where.unit, where.count, where.timeZone, where.mac],
    transaction,
  );
  return rows.map((row) => ({ ...row, downBytes: Number(row.downBytes), upBytes: Number(row.upBytes) }));
}

/** Runs SQL of our own; values never stand in its text. */
async function query<T extends object>(
  database: Database,
  sql: string,
  bind: unknown[],
  transaction: Transaction,
): Promise<T[]> {
  const { sequelize } = database.models.UsageSample;
  if (sequelize === undefined) throw new Error('the models are not bound');
  return sequelize.query<T>(sql, { bind, transaction, type: QueryTypes.SELECT });
}
