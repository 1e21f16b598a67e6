import type { FastifyBaseLogger } from 'fastify';
import type { Database } from '@netpilot/db/database.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { DeviceBook } from '../devices/device-book.ts';
import type { DeviceRouteServices } from '../devices/routes.ts';
import { SpeedTestBook } from '../devices/speed-test-book.ts';
import { UsageBook } from '../devices/usage-book.ts';
import type { EventHub } from '../events/event-hub.ts';
import type { SessionReader } from '../sessions/reader.ts';
import type { SessionService } from '../sessions/service.ts';
import { LegacyImport } from './legacy-import.ts';
import { PolicyBook } from './policy-book.ts';
import type { OperationRouteServices } from './routes.ts';
import { RunBook } from './run-book.ts';
import { OperationService } from './service.ts';

export interface OperationServicesOptions {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly sessions: Pick<SessionService, 'find'>;
  readonly sessionReader: Pick<SessionReader, 'missing'>;
  readonly events: Pick<EventHub, 'publish'>;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
}

/** Operations on routers, and what is kept of their networks; `runs` is to be recovered at the start and closed at the end. */
export interface OperationServices extends OperationRouteServices, DeviceRouteServices {}

export function createOperationServices(options: OperationServicesOptions): OperationServices {
  const { database, audit, events } = options;
  const devices = new DeviceBook(database, audit);
  const usage = new UsageBook(database);
  const speedTests = new SpeedTestBook(database);
  const policies = new PolicyBook(database, audit);
  const runs = new RunBook({
    ...options,
    publish: (run) => {
      const { organisationId, routerId } = run;
      events.publish({ type: 'operation_run', organisationId, routerId, run });
    },
  });
  const operations = new OperationService({
    ...options,
    devices,
    usage,
    policies,
    runs,
    publish: (event) => events.publish(event),
  });
  return {
    devices,
    usage,
    speedTests,
    policies,
    runs,
    operations,
    legacyImport: new LegacyImport(database, policies, audit),
  };
}
