import type { FastifyBaseLogger } from 'fastify';
import type { AuditLog } from '../audit/audit-log.ts';
import type { TerminalEvents } from './session-terminals.ts';

/** Writes down when somebody drives the terminal that another person was driving; a person's own devices are not told of. */
export function auditTakeOvers(audit: AuditLog, log: Pick<FastifyBaseLogger, 'error'>): TerminalEvents {
  return {
    tookOver({ id, organisationId, routerName }, terminalId, by, from) {
      if (by.userId === from.userId) return;
      const details = { router: routerName, terminal: terminalId, from: from.name };
      audit
        .record({ action: 'terminal_taken_over', organisationId, actor: by, subjectId: id, details })
        .catch((error: unknown) => log.error({ err: error, sessionId: id }, 'a take-over is not in the audit trail'));
    },
  };
}
