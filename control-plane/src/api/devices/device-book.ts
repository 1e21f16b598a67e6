import { Op, type Transaction } from 'sequelize';
import type { Database } from '@netpilot/db/database.ts';
import type { Device as DeviceRow } from '@netpilot/db/models/device.ts';
import {
  type Device,
  DeviceKind,
  type DeviceChange,
  type DeviceList,
  MAX_KEPT_DEVICES,
} from '../../../contract/devices.ts';
import { Attachment, type ScannedDevice } from '../../../contract/operations/devices.ts';
import { isRandomised } from '../../../contract/operations/values.ts';
import type { Actor } from '../access/actor.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { notFound } from '../errors.ts';
import { withRouterOf } from '../routers/with-router.ts';
import { printable } from './printable.ts';
import { vendorOf } from './vendors.ts';

/** A router as rows of its things name it. */
export interface RouterIdentity {
  readonly organisationId: string;
  readonly routerId: string;
}

const MAX_HOSTNAME = 255;
/** What a scan writes; everything else of a device is people's. */
const SEEN_COLUMNS = ['hostname', 'addresses', 'attachment', 'online', 'firstSeenAt', 'lastSeenAt'] as const;

/** The devices of routers, as they are kept. */
export class DeviceBook {
  readonly #database: Database;
  readonly #audit: AuditLog;

  constructor(database: Database, audit: AuditLog) {
    this.#database = database;
    this.#audit = audit;
  }

  /** Every device of a router, those that are there first. @throws ProblemError `not_found`. */
  async list(actor: Actor, routerId: string): Promise<DeviceList> {
    const { Device: Devices } = this.#database.models;
    const rows = await withRouterOf(this.#database, actor, routerId, 'router.observe', (_, transaction) =>
      Devices.findAll({
        where: { routerId },
        order: [
          ['online', 'DESC'],
          ['lastSeenAt', 'DESC NULLS LAST'],
          ['mac', 'ASC'],
        ],
        limit: MAX_KEPT_DEVICES,
        transaction,
      }),
    );
    return { items: await Promise.all(rows.map(present)) };
  }

  /** Writes what a person says of a device. @throws ProblemError `not_found`, `forbidden`. */
  async change(actor: Actor, routerId: string, mac: string, change: DeviceChange): Promise<Device> {
    const changed = await this.#withDevice(actor, routerId, mac, async (row, transaction) => {
      await row.update(change, { transaction });
      await this.#record(actor, row, 'device_changed', transaction);
      return row;
    });
    return present(changed);
  }

  /** Forgets a device with what people gave it; the next scan finds it anew. @throws ProblemError `not_found`, `forbidden`. */
  async forget(actor: Actor, routerId: string, mac: string): Promise<void> {
    await this.#withDevice(actor, routerId, mac, async (row, transaction) => {
      await this.#record(actor, row, 'device_forgotten', transaction);
      await row.destroy({ transaction });
    });
  }

  /** Brings a scan in: who is there, and who is no longer. @param at time of the scan. */
  async scanned(router: RouterIdentity, devices: readonly ScannedDevice[], at: Date, transaction: Transaction) {
    const { Device: Devices } = this.#database.models;
    const where = { routerId: router.routerId };
    const known = new Map((await Devices.findAll({ where, transaction })).map((row) => [row.mac, row]));
    const seen = new Map(devices.filter((device) => !device.router).map((device) => [device.mac, device]));
    const rows = [...seen.values()].map((device) => seenRow(router, device, known.get(device.mac), at));
    if (rows.length > 0) {
      await Devices.bulkCreate(rows, {
        updateOnDuplicate: [...SEEN_COLUMNS],
        conflictAttributes: ['routerId', 'mac'],
        transaction,
      });
    }
    const gone = [...known.values()].filter((row) => row.online && !seen.has(row.mac)).map((row) => row.mac);
    if (gone.length > 0) {
      await Devices.update({ online: false }, { where: { ...where, mac: { [Op.in]: gone } }, transaction });
    }
    await this.#makeRoom(router.routerId, transaction);
  }

  /** A network that makes up addresses without end must not fill the database. */
  async #makeRoom(routerId: string, transaction: Transaction): Promise<void> {
    const { Device: Devices } = this.#database.models;
    const surplus = (await Devices.count({ where: { routerId }, transaction })) - MAX_KEPT_DEVICES;
    if (surplus <= 0) return;
    const oldest = await Devices.findAll({
      attributes: ['id'],
      where: { routerId, name: null, online: false },
      order: [['lastSeenAt', 'ASC NULLS FIRST']],
      limit: surplus,
      transaction,
    });
    await Devices.destroy({ where: { id: oldest.map((row) => row.id) }, transaction });
  }

  #withDevice<T>(
    actor: Actor,
    routerId: string,
    mac: string,
    work: (row: DeviceRow, transaction: Transaction) => Promise<T>,
  ): Promise<T> {
    return withRouterOf(this.#database, actor, routerId, 'router.operate', async (_, transaction) => {
      const row = await this.#database.models.Device.findOne({ where: { routerId, mac }, transaction });
      if (row === null) throw notFound();
      return work(row, transaction);
    });
  }

  #record(actor: Actor, row: DeviceRow, action: 'device_changed' | 'device_forgotten', transaction: Transaction) {
    const details = { device: row.mac, name: row.name, kind: row.kind };
    return this.#audit.record(
      { action, organisationId: row.organisationId, actor, subjectId: row.routerId, details },
      transaction,
    );
  }
}

function seenRow(router: RouterIdentity, device: ScannedDevice, known: DeviceRow | undefined, at: Date) {
  const hostname = device.hostname === null ? null : printable(device.hostname, MAX_HOSTNAME);
  return {
    ...router,
    mac: device.mac,
    hostname: hostname ?? known?.hostname ?? null,
    addresses: device.addresses,
    attachment: device.attachment ?? known?.attachment ?? null,
    online: device.online,
    firstSeenAt: known?.firstSeenAt ?? (device.online ? at : null),
    lastSeenAt: device.online ? at : (known?.lastSeenAt ?? null),
  };
}

async function present(row: DeviceRow): Promise<Device> {
  const attachment = Attachment.safeParse(row.attachment);
  return {
    mac: row.mac,
    name: row.name,
    kind: DeviceKind.nullable().catch(null).parse(row.kind),
    icon: DeviceKind.nullable().catch(null).parse(row.icon),
    hostname: row.hostname,
    vendor: await vendorOf(row.mac),
    randomised: isRandomised(row.mac),
    // A single address comes back as its host.
    addresses: row.addresses.map((address) => address.replace(/\/(32|128)$/u, '')),
    attachment: attachment.success ? attachment.data : null,
    online: row.online,
    firstSeenAt: row.firstSeenAt?.toISOString() ?? null,
    lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
  };
}
