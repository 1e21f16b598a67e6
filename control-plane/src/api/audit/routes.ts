import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AuditEvent, AuditExportQuery, AuditQuery, AuditVerification } from '../../../contract/audit.ts';
import { Id } from '../../../contract/identifiers.ts';
import { pageOf } from '../../../contract/page.ts';
import type { Actor } from '../access/actor.ts';
import type { AuditLog } from './audit-log.ts';
import type { AuditReader, TrailOf } from './audit-reader.ts';
import type { AuditVerifier } from './audit-verifier.ts';
import { EXPORT_TYPES, exportLines } from './export.ts';

const InOrganisation = z.strictObject({ id: Id });
const tags = ['audit'];
/** Each of these reads a whole trail. */
const HEAVY = { rateLimit: { max: 30, timeWindow: '1 minute' } };

export interface AuditRouteServices {
  readonly audit: AuditLog;
  readonly auditReader: AuditReader;
  readonly auditVerifier: AuditVerifier;
}

/** The audit trail of an organisation, and of everything for the platform administrator: read, export, check. */
export async function auditRoutes(instance: FastifyInstance, services: AuditRouteServices): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>();
  const { audit, auditReader, auditVerifier } = services;

  /** Streams a trail, after the export itself is an entry of it. */
  const exportTrail = async (reply: FastifyReply, actor: Actor, trail: TrailOf, query: AuditExportQuery) => {
    const { format, ...filter } = query;
    auditReader.mayRead(actor, trail);
    await audit.record({
      action: 'audit_exported',
      organisationId: trail === 'all' ? null : trail,
      actor,
      subjectId: trail === 'all' ? null : trail,
      details: { format, ...filter },
    });
    const lines = exportLines(auditReader.batches(actor, trail, filter), format);
    return reply
      .type(EXPORT_TYPES[format])
      .header('content-disposition', `attachment; filename="audit-${new Date().toISOString().slice(0, 10)}.${format}"`)
      .send(Readable.from(lines));
  };

  app.get(
    '/organisations/:id/audit',
    {
      config: { access: 'audit.read' },
      schema: { tags, params: InOrganisation, querystring: AuditQuery, response: { 200: pageOf(AuditEvent) } },
    },
    async ({ actor, params, query }) => auditReader.page(actor, params.id, query),
  );

  app.get(
    '/organisations/:id/audit/export',
    {
      config: { access: 'audit.read', ...HEAVY },
      schema: { tags, params: InOrganisation, querystring: AuditExportQuery },
    },
    async ({ actor, params, query }, reply) => exportTrail(reply, actor, params.id, query),
  );

  app.post(
    '/organisations/:id/audit/verify',
    {
      config: { access: 'audit.read', ...HEAVY },
      schema: { tags, params: InOrganisation, response: { 200: AuditVerification } },
    },
    async ({ actor, params }) => {
      auditReader.mayRead(actor, params.id);
      return auditVerifier.verify(actor, params.id);
    },
  );

  app.get(
    '/audit',
    {
      config: { access: 'platform' },
      schema: { tags, querystring: AuditQuery, response: { 200: pageOf(AuditEvent) } },
    },
    async ({ actor, query }) => auditReader.page(actor, 'all', query),
  );

  app.get(
    '/audit/export',
    { config: { access: 'platform', ...HEAVY }, schema: { tags, querystring: AuditExportQuery } },
    async ({ actor, query }, reply) => exportTrail(reply, actor, 'all', query),
  );

  app.post(
    '/audit/verify',
    { config: { access: 'platform', ...HEAVY }, schema: { tags, response: { 200: AuditVerification } } },
    async ({ actor }) => auditVerifier.verify(actor, null),
  );
}
