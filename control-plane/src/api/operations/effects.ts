import type { Transaction } from 'sequelize';
import type { Database } from '@netpilot/db/database.ts';
import type { PageEvent } from '../../../contract/events.ts';
import type { AccessChange } from '../../../contract/operations/access.ts';
import type { OperationArguments, OperationName, OperationOutput } from '../../../contract/operations/catalogue.ts';
import type { UsageSnapshot } from '../../../contract/operations/usage.ts';
import type { DeviceBook, RouterIdentity } from '../devices/device-book.ts';
import { printable } from '../devices/printable.ts';
import { periodStart } from '../devices/usage-difference.ts';
import type { UsageBook } from '../devices/usage-book.ts';
import type { SandboxLink } from '../sandbox-link/sandbox-link.ts';
import type { PolicyBook } from './policy-book.ts';
import type { Turn } from './router-queues.ts';

export type StoredView = Extract<PageEvent, { type: 'router_data_changed' }>['what'];

export interface EffectContext {
  readonly router: RouterIdentity;
  readonly userId: string;
  readonly userName: string;
  /** Each piece of storing is a transaction of its own; none waits for the router. */
  readonly transact: <T>(work: (transaction: Transaction) => Promise<T>) => Promise<T>;
  readonly link: Pick<SandboxLink, 'operate'>;
  readonly turn: Turn;
}

export interface EffectServices {
  readonly database: Database;
  readonly devices: DeviceBook;
  readonly usage: UsageBook;
  readonly policies: PolicyBook;
}

type Effect<N extends OperationName> = (
  services: EffectServices,
  context: EffectContext,
  output: OperationOutput<N>,
  input: OperationArguments<N>,
) => Promise<StoredView | null>;

type Effects = { readonly [N in OperationName]?: Effect<N> };

const accessConfirmed = async (
  { policies }: EffectServices,
  { router, userId, transact }: EffectContext,
  output: AccessChange,
): Promise<StoredView> => {
  await transact((transaction) => policies.accessConfirmed(router, output, userId, transaction));
  return 'policies';
};

/** What is stored of what the router said or confirmed; an operation that is not here leaves nothing but its run. */
const EFFECTS: Effects = {
  async 'devices.scan'({ devices }, { router, transact }, output) {
    await transact((transaction) => devices.scanned(router, output.devices, new Date(), transaction));
    return 'devices';
  },
  async 'access.read'({ policies }, { router, transact, turn }, state) {
    // Stored behind a change that it did not see, it would show as drift.
    if (!turn.undisturbed()) return null;
    await transact((transaction) => policies.observed(router, { kind: 'access', state }, transaction));
    return 'policies';
  },
  'access.block': accessConfirmed,
  'access.unblock': accessConfirmed,
  'access.list': accessConfirmed,
  'access.rates': accessConfirmed,
  'access.mode': accessConfirmed,
  'access.group': accessConfirmed,
  'access.delete_group': accessConfirmed,
  'access.known': accessConfirmed,
  async 'access.apply'({ policies }, { router, userId, transact }, output) {
    await transact((transaction) => policies.accessReplaced(router, output, userId, transaction));
    return 'policies';
  },
  async 'wifi.read'({ policies }, { router, transact, turn }, state) {
    if (!turn.undisturbed()) return null;
    await transact((transaction) => policies.observed(router, { kind: 'wifi', state }, transaction));
    return 'policies';
  },
  async 'wifi.change'({ policies }, { router, userId, transact }, { radios, networks }, input) {
    const sections = new Set([...input.radios, ...input.networks].map(({ section }) => section));
    await transact((transaction) =>
      policies.wifiConfirmed(router, { radios, networks }, sections, userId, transaction),
    );
    return 'policies';
  },
  async 'reset.run'({ database }, { router, transact }) {
    // What was wanted is gone with what was there; the next read begins anew.
    await transact((transaction) =>
      database.models.RouterPolicy.destroy({ where: { routerId: router.routerId }, transaction }),
    );
    return 'policies';
  },
  async 'usage.read'(services, context, output, { period }) {
    return period === undefined && output.source !== 'none' ? storeUsage(services, context, output) : null;
  },
  async 'speedtest.run'({ database }, { router, userName, transact }, output) {
    const { tool, server, downMbps, upMbps, pingMs, jitterMs } = output;
    const result = {
      tool,
      downMbps,
      upMbps,
      pingMs,
      jitterMs,
      server: server === null ? null : printable(server, 255),
    };
    await transact((transaction) =>
      database.models.SpeedTest.create({ ...router, userName, ...result }, { transaction }),
    );
    return 'speed_tests';
  },
};

/** @returns what a page has to read again; null when nothing that is stored has changed. */
export function storeEffect<N extends OperationName>(
  services: EffectServices,
  context: EffectContext,
  name: N,
  output: OperationOutput<N>,
  input: OperationArguments<N>,
): Promise<StoredView | null> {
  const effect = EFFECTS[name] as Effect<N> | undefined;
  return effect === undefined ? Promise.resolve(null) : effect(services, context, output, input);
}

async function storeUsage(
  { usage }: EffectServices,
  { router, link, transact }: EffectContext,
  output: UsageSnapshot,
): Promise<StoredView | null> {
  const { source, period, counters } = output;
  // Our clock: a router without a battery begins in 1970 at each start.
  const later = { source, period, counters, at: Date.now() };
  const missing =
    source === 'nlbwmon' ? await transact((transaction) => usage.missingPeriod(router, later, transaction)) : null;
  const began = periodStart(period);
  if (missing !== null && began !== null && began < later.at) {
    // nlbwmon keeps the period before: what came after our last snapshot of it is not lost.
    const final = await link.operate('usage.read', { period: missing }).catch(() => null);
    if (final !== null) {
      const closed = { source, period: missing, counters: final.output.counters, at: began };
      await transact((transaction) => usage.snapshot(router, closed, transaction));
    }
  }
  return (await transact((transaction) => usage.snapshot(router, later, transaction))) ? 'usage' : null;
}
