import type { Transaction } from 'sequelize';
import type { Database } from '@netpilot/db/database.ts';
import type { ImportReport, ImportRow, LegacyImportInput } from '../../../contract/legacy-import.ts';
import { type AccessPlan, EMPTY_PLAN } from '../../../contract/operations/access.ts';
import type { Actor } from '../access/actor.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { RouterIdentity } from '../devices/device-book.ts';
import { type LegacyData, type LegacyDevice, readLegacyFiles } from '../devices/legacy-files.ts';
import { withRouterOf } from '../routers/with-router.ts';
import type { PolicyBook } from './policy-book.ts';
import { canonical } from './plan-parts.ts';

/** Brings the earlier system's files into a router's devices and into what is wanted of it. */
export class LegacyImport {
  readonly #database: Database;
  readonly #policies: PolicyBook;
  readonly #audit: AuditLog;

  constructor(database: Database, policies: PolicyBook, audit: AuditLog) {
    this.#database = database;
    this.#policies = policies;
    this.#audit = audit;
  }

  /**
   * Devices are matched by MAC; lists, rates and mode become what is wanted of the router, which shows as drift until somebody applies it there.
   * The second time everything is the same.
   * @throws ProblemError `not_found`, `forbidden`.
   */
  async run(actor: Actor, routerId: string, { dryRun, files }: LegacyImportInput): Promise<ImportReport> {
    const data = readLegacyFiles(files);
    return withRouterOf(
      this.#database,
      actor,
      routerId,
      'router.configure',
      async ({ organisationId }, transaction) => {
        const router = { organisationId, routerId };
        const devices = await this.#devices(router, data, dryRun, transaction);
        const before = (await this.#policies.plan(routerId, transaction)) ?? EMPTY_PLAN;
        const { plan, rows } = planWith(before, data);
        const policiesChanged = canonical(plan) !== canonical(before);
        const report = { dryRun, rows: [...devices, ...rows, ...data.skipped], policiesChanged };
        if (dryRun) return report;
        if (policiesChanged) await this.#policies.wanted(router, plan, actor.userId, transaction);
        const details = {
          rows: report.rows.length,
          changed: report.rows.filter(({ outcome }) => outcome === 'new' || outcome === 'changed').length,
        };
        const entry = { action: 'earlier_data_imported', organisationId, actor, subjectId: routerId, details } as const;
        await this.#audit.record(entry, transaction);
        return report;
      },
    );
  }

  async #devices(
    router: RouterIdentity,
    { devices }: LegacyData,
    dryRun: boolean,
    transaction: Transaction,
  ): Promise<ImportRow[]> {
    const { Device: Devices } = this.#database.models;
    const { routerId } = router;
    const known = new Map((await Devices.findAll({ where: { routerId }, transaction })).map((row) => [row.mac, row]));
    const rows: ImportRow[] = [];
    for (const device of devices) {
      const row = known.get(device.mac);
      const { file, mac: subject } = device;
      if (row === undefined) {
        if (!dryRun)
          await Devices.create({ ...router, ...seenOf(device), addresses: addressesOf(device) }, { transaction });
        rows.push({ file, subject, outcome: 'new', detail: device.hostname ?? '' });
        continue;
      }
      const change = missingIn(row, device);
      const names = Object.keys(change);
      if (names.length > 0 && !dryRun) await row.update(change, { transaction });
      rows.push({
        file,
        subject,
        outcome: names.length > 0 ? 'changed' : 'same',
        detail: names.map(wordFor).join(', '),
      });
    }
    return rows;
  }
}

function seenOf({ mac, hostname, firstSeenAt, lastSeenAt }: LegacyDevice) {
  return { mac, hostname, firstSeenAt, lastSeenAt };
}

function addressesOf({ address }: LegacyDevice): string[] {
  return address === null ? [] : [address];
}

type Known = { hostname: string | null; firstSeenAt: Date | null; lastSeenAt: Date | null };

/** @returns what the file knows and we do not: an earlier first sight, a later last one, a name where there is none. */
function missingIn(row: Known, device: LegacyDevice): Partial<Known> {
  const { hostname, firstSeenAt, lastSeenAt } = device;
  return {
    ...(row.hostname === null && hostname !== null ? { hostname } : {}),
    ...(firstSeenAt !== null && (row.firstSeenAt === null || firstSeenAt < row.firstSeenAt) ? { firstSeenAt } : {}),
    ...(lastSeenAt !== null && (row.lastSeenAt === null || lastSeenAt > row.lastSeenAt) ? { lastSeenAt } : {}),
  };
}

function wordFor(column: string): string {
  return { hostname: 'name', firstSeenAt: 'first seen', lastSeenAt: 'last seen' }[column] ?? column;
}

/** @returns the plan with what the files say, and a row for each of it. */
function planWith(before: AccessPlan, { listed, rates, mode }: LegacyData): { plan: AccessPlan; rows: ImportRow[] } {
  const rows: ImportRow[] = [];
  let plan = before;
  for (const { file, mode: list, mac } of listed) {
    const there = plan[list].devices.includes(mac);
    rows.push({ file, subject: mac, outcome: there ? 'same' : 'new', detail: `on the ${list}` });
    if (!there) plan = { ...plan, [list]: { ...plan[list], devices: [...plan[list].devices, mac] } };
  }
  for (const { file, mode: list, limited, full } of rates) {
    const both = (rate: number | null, now: AccessPlan['whitelist']['full']) =>
      rate === null ? now : { downMbps: rate, upMbps: rate };
    const settings = { ...plan[list], limited: both(limited, plan[list].limited), full: both(full, plan[list].full) };
    const same = canonical(settings) === canonical(plan[list]);
    const detail = `limited ${limited ?? 'as it is'}, full ${full ?? 'as it is'} Mbit/s`;
    rows.push({ file, subject: `rates of the ${list}`, outcome: same ? 'same' : 'changed', detail });
    plan = { ...plan, [list]: settings };
  }
  if (mode !== null) {
    const same = plan.activeMode === mode.mode;
    rows.push({ file: mode.file, subject: 'mode', outcome: same ? 'same' : 'changed', detail: mode.mode ?? 'none' });
    plan = { ...plan, activeMode: mode.mode };
  }
  return { plan, rows };
}
